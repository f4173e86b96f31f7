// Shows the reader's own time: the zone of the address, of an earlier choice (kept in this browser only), or of the device.
(() => {
  "use strict";
  const form = document.querySelector("form.zone");
  if (!window.Intl) return;
  const field = form?.elements.zone, said = form?.querySelector(".said");
  const make = zone => {
    try {
      if (!zone) return null;
      return new Intl.DateTimeFormat("en-GB", {
        timeZone: zone, hourCycle: "h23", weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit",
      });
    } catch { return null; }
  };
  const kept = () => { try { return localStorage.getItem("zone"); } catch { return null; } };
  const asked = new URLSearchParams(location.search).get("zone");
  // What the server knows and this browser does not stays as the server wrote it.
  if (asked && !make(asked)) return;
  let format;

  const wall = at => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return { ...part, date: `${part.weekday} ${part.day} ${part.month} ${part.year}`, clock: `${part.hour}:${part.minute}` };
  };
  const short = local => `${local.weekday.slice(0, 3)} ${local.day} ${local.month.slice(0, 3)}`;
  const minutes = local => 60 * local.hour + +local.minute;
  const span = (text, name) => { const made = document.createElement("span"); made.textContent = text; if (name) made.className = name; return made; };
  const amount = (count, one) => `${["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"][count] ?? count} ${one}${count === 1 ? "" : "s"}`;
  const shift = (before, start, label) => {
    const then = wall(before), now = wall(start);
    let by = (minutes(now) - minutes(then) + 1440) % 1440;
    if (by > 720) by -= 1440;
    if (!by) return "";
    const size = Math.abs(by), hours = Math.floor(size / 60), rest = size % 60;
    const much = size === 30 ? "half an hour" : !hours ? amount(rest, "minute") : !rest ? amount(hours, "hour") : `${amount(hours, "hour")} and ${amount(rest, "minute")}`;
    const year = then.year === now.year ? "" : ` ${then.year}`;
    return `${label} ${now.clock}, ${much} ${by < 0 ? "earlier" : "later"} than on ${then.day} ${then.month}${year}.`;
  };
  const calendar = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const there = time => {
    const [date, clock] = time.dataset.local.split("T"), [year, month, day] = date.split("-");
    const part = Object.fromEntries(calendar.formatToParts(Date.UTC(year, month - 1, day)).map(({ type, value }) => [type, value]));
    return { ...part, clock, date: `${part.weekday} ${part.day} ${part.month} ${part.year}` };
  };
  const beside = (local, date) => local.date === date ? local.clock : `${short(local)} ${local.clock}`;
  const write = (time, label) => {
    const start = new Date(time.dateTime), local = wall(start);
    const until = time.dataset.end && wall(new Date(time.dataset.end)).clock;
    const ways = {
      day: () => [local.date],
      line: () => [`${local.date}, ${local.clock} ${label}`],
      hours: () => [local.clock, span(`–${until} ${label}`, "end")],
      big: () => [span(local.date), " ", span(`${local.clock}–${until} ${label}`)],
      short: () => [`${short(local)} ${local.clock} ${label}`],
      shift: () => [time.dataset.said?.includes(`|${label}|`) ? "" : shift(new Date(time.dataset.before), start, label)],
      // The hour of another place beside the reader's date, and the reader's hour beside a date of UTC.
      city: () => [beside(there(time), local.date)],
      cell: () => [beside(local, there(time).date)],
    };
    const way = ways[time.dataset.as];
    if (way) time.replaceChildren(...way());
  };
  const days = () => {
    const dates = [0, 1].map(days => wall(new Date(Date.now() + days * 864e5)).date);
    let last;
    for (const day of document.querySelectorAll("h3.day")) {
      const time = day.firstElementChild, date = time.textContent;
      day.hidden = date === last;
      last = date;
      const near = ["Today", "Tomorrow"][dates.indexOf(date)];
      if (near) time.prepend(`${near}, `);
    }
  };
  const count = () => {
    for (const place of document.querySelectorAll(".until")) {
      const left = Math.ceil((new Date(place.dataset.at) - Date.now()) / 6e4);
      const whole = [[Math.floor(left / 1440), "day"], [Math.floor(left / 60) % 24, "hour"], [left % 60, "minute"]].filter(([count]) => count);
      place.hidden = left <= 0;
      place.textContent = `Begins in ${whole.slice(0, 2).map(([count, one]) => `${count} ${one}${count === 1 ? "" : "s"}`).join(" ")}`;
    }
  };
  const show = name => {
    format = make(name);
    const label = name.split("/").pop().replaceAll("_", " ");
    document.querySelectorAll("time[data-as]").forEach(time => write(time, label));
    days();
    count();
    if (form) {
      field.value = name;
      said.textContent = "";
    }
  };

  // Some browsers go on calling zones by names that people no longer use.
  const renamed = { "Asia/Calcutta": "Asia/Kolkata", "Asia/Katmandu": "Asia/Kathmandu", "Asia/Rangoon": "Asia/Yangon", "Asia/Saigon": "Asia/Ho_Chi_Minh", "Europe/Kiev": "Europe/Kyiv", "America/Godthab": "America/Nuuk" };
  const device = Intl.DateTimeFormat().resolvedOptions().timeZone;
  show([asked, kept(), make(renamed[device]) ? renamed[device] : device].find(name => name && make(name)) ?? "UTC");
  setInterval(count, 6e4);
  if (!form) return;
  form.addEventListener("submit", event => {
    event.preventDefault();
    const name = field.value.trim();
    if (!make(name)) {
      said.textContent = `The zone “${name}” is not known here. A zone is named like Europe/Berlin.`;
      return;
    }
    try { localStorage.setItem("zone", name); } catch { /* It holds for this page then. */ }
    history.replaceState(null, "", `?zone=${encodeURIComponent(name)}`);
    show(name);
  });
  field.addEventListener("focus", () => {
    const list = document.getElementById("zones");
    if (list.children.length || !Intl.supportedValuesOf) return;
    for (const name of ["UTC", ...Intl.supportedValuesOf("timeZone")]) list.append(new Option(name, name));
  }, { once: true });
})();
