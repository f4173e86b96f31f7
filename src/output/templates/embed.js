// The next meetings of a community in a page of its own, in the reader's zone and the page's looks:
// <script async src="https://calendar.example.org/embed.js" data-community="NAME"></script>
(() => {
  "use strict";
  const own = document.currentScript, { community, series, count = 5 } = own.dataset, from = new URL(".", own.src).href;
  const list = document.createElement("ul");
  list.className = "convened";
  own.after(list);
  const add = (to, name, text, set = {}) => to.appendChild(Object.assign(document.createElement(name), { textContent: text }, set));
  const when = { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" };
  const words = { cancelled: "Cancelled", moved: "Moved", extra: "Extra" };
  const show = meetings => {
    const coming = meetings.filter(one => Date.parse(one.end) > Date.now() && (!series || one.series === `${community}/${series}`));
    for (const one of coming.slice(0, +count)) {
      const item = add(list, "li", "", { className: one.status });
      add(item, "a", one.title, { href: `${from}c/${one.series}/${one.occurrence}` });
      if (words[one.status]) item.append(" ", add(item, "strong", words[one.status]));
      add(item, "br", "");
      const time = add(item, one.status === "cancelled" ? "s" : "span", "");
      add(time, "time", new Date(one.start).toLocaleString("en-GB", when), { dateTime: one.start });
      if (one.reason) add(item, "p", one.reason);
    }
    if (!coming.length) add(list, "li", "No meeting is planned.");
  };
  const fail = () => add(add(list, "li", ""), "a", "The coming meetings", { href: `${from}c/${community}/` });
  fetch(`${from}c/${encodeURIComponent(community)}/agenda.json`).then(answer => answer.json()).then(show).catch(fail);
})();
