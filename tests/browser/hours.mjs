// Every hour that is shown in 2026, in every zone where people of these communities live (with --full: in every zone there is), is that of
// `agenda --json`: as the server writes it for ?zone=, by the zone data of PyPI's tzdata, and as the script writes it, over all pages in one
// load. A browser goes by zone data of its own; where those are older than ours, the script is not held to ours, and it is said.
import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";
import { serve } from "./harbour.mjs";

// The first Monday of the year: the months that have pages are those up to December.
const now = "2026-01-05T00:00:00Z";
const LIVED_IN = [
  "UTC", "America/Los_Angeles", "America/Denver", "America/Phoenix", "America/Chicago", "America/New_York", "America/Toronto", "America/St_Johns", "America/Sao_Paulo", "America/Bogota",
  "America/Argentina/Buenos_Aires", "Atlantic/Reykjavik", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Berlin", "Europe/Paris", "Europe/Stockholm", "Europe/Athens", "Europe/Istanbul",
  "Europe/Kyiv", "Africa/Lagos", "Africa/Cairo", "Africa/Casablanca", "Africa/Nairobi", "Africa/Johannesburg", "Asia/Dubai", "Asia/Tehran", "Asia/Karachi", "Asia/Kolkata", "Asia/Kathmandu",
  "Asia/Dhaka", "Asia/Jakarta", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo", "Asia/Seoul", "Australia/Perth", "Australia/Adelaide", "Australia/Sydney", "Australia/Lord_Howe",
  "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago",
];
const zones = process.argv.includes("--full") ? ["UTC", ...Intl.supportedValuesOf("timeZone")] : LIVED_IN;
const server = await serve({ now });
const faults = [];
const TIME = /<time (datetime="[^"]+"[^>]*)>(.*?)<\/time>/g;
const of = (tag, name) => tag.match(new RegExp(`(?:^| )${name}="([^"]*)"`))?.[1];
const text = html => html.replace(/<[^>]+>/g, "").replaceAll("&amp;", "&");

const agenda = server.run("agenda", "--json", "--from", "2026-01-01", "--to", "2027-01-01").trim().split("\n").map(line => JSON.parse(line));
const starts = new Map(agenda.map(one => [`/c/${one.series}/${one.occurrence}`, one]));
const series = [...new Set(agenda.map(one => one.series))], communities = [...new Set(series.map(id => id.split("/")[0]))];
const months = Array.from({ length: 12 }, (_, month) => `2026-${String(month + 1).padStart(2, "0")}`);
const paths = [...communities.flatMap(id => [`/c/${id}/`, ...months.map(month => `/c/${id}/${month}`)]), ...series.map(id => `/c/${id}/`)];
const load = async query => {
  const pages = [];
  for (let at = 0; at < paths.length; at += 8) {
    pages.push(...(await Promise.all(paths.slice(at, at + 8).map(async path => (await fetch(server.base + path + query)).text()))));
  }
  return pages;
};

/// Wall times by zone and instant, as Python knows them.
function reference(instants) {
  const code = `import json, sys, zoneinfo, datetime
asked = json.load(sys.stdin)
at = [datetime.datetime.fromisoformat(one.replace("Z", "+00:00")) for one in asked["instants"]]
known = zoneinfo.available_timezones()
print(json.dumps({name: [one.astimezone(zoneinfo.ZoneInfo(name)).strftime("%Y-%m-%dT%H:%M") for one in at] for name in asked["zones"] if name in known}))`;
  const said = execFileSync("tests/.venv/bin/python", ["-c", code], { input: JSON.stringify({ zones, instants }), env: { PYTHONTZPATH: "" }, maxBuffer: 1 << 28 });
  return JSON.parse(said);
}

const calendar = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "long", day: "numeric", month: "long", year: "numeric" });
/// What a time says, by the wall time of each instant.
function words(tag, zone, at) {
  const wall = instant => {
    const local = at(instant), part = Object.fromEntries(calendar.formatToParts(new Date(`${local}:00Z`)).map(({ type, value }) => [type, value]));
    return { date: `${part.weekday} ${part.day} ${part.month} ${part.year}`, clock: local.slice(11), short: `${part.weekday.slice(0, 3)} ${part.day} ${part.month.slice(0, 3)}` };
  };
  const start = wall(of(tag, "datetime")), end = of(tag, "data-end") && wall(of(tag, "data-end")).clock, label = zone.split("/").pop().replaceAll("_", " ");
  switch (of(tag, "data-as")) {
    case "day": return start.date;
    case "line": return `${start.date}, ${start.clock} ${label}`;
    case "hours": return `${start.clock}–${end} ${label}`;
    case "big": return `${start.date} ${start.clock}–${end} ${label}`;
    case "short": return `${start.short} ${start.clock} ${label}`;
    case "cell": {
      const there = of(tag, "data-local").slice(0, 10);
      return at(of(tag, "datetime")).startsWith(there) ? start.clock : `${start.short} ${start.clock}`;
    }
    default: return null;
  }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"] });
let seen = 0, known = 0;
try {
  const plain = await load("");
  const shown = new Map();
  for (const html of plain) {
    for (const [, href, at] of html.matchAll(/<a href="([^"]+)"><time datetime="([^"]+)" data-local="[^"]+" data-as="cell"/g)) shown.set(href, at);
    for (const [, tag] of html.matchAll(TIME)) if (tag.includes("data-end") && !agenda.some(one => one.start === of(tag, "datetime")) && of(tag, "datetime").startsWith("2026")) faults.push(`no meeting begins at ${tag}`);
  }
  for (const [path, one] of starts) if (shown.get(path) !== one.start) faults.push(`${path} stands at ${shown.get(path)}, the agenda says ${one.start}`);
  if (starts.size < 200) faults.push(`only ${starts.size} meetings in the year`);

  const page = await (await browser.newContext({ timezoneId: "UTC" })).newPage();
  await page.clock.setFixedTime(new Date(now));
  const main = html => html.slice(html.indexOf("<main"), html.indexOf("</main>")).replaceAll('id="', 'data-id="');
  const form = plain[0].match(/<form class="zone"[\s\S]*?<\/form>/)[0];
  const body = `<!doctype html><title>All</title><script src="/time.js" defer></script>${form}${plain.map(main).join("\n")}`;
  await page.route(`${server.base}/everything`, route => route.fulfill({ contentType: "text/html; charset=utf-8", body }));
  await page.goto(`${server.base}/everything`);
  const instants = [...new Set(plain.flatMap(html => [...html.matchAll(/ (?:datetime|data-end)="([^"]+)"/g)]).map(([, at]) => at))];
  const walls = reference(instants);
  for (const zone of zones.filter(zone => walls[zone])) {
    const by = new Map(instants.map((at, number) => [at, walls[zone][number]])), at = instant => by.get(instant);
    const pages = await load(`?zone=${encodeURIComponent(zone)}`);
    if (pages[0].includes("is not known, so these are hours of UTC")) continue;
    known++;
    const served = pages.flatMap(html => [...main(html).matchAll(TIME)]).map(([, tag, inner]) => [tag, text(inner)]);
    for (const [tag, said] of served) {
      const wanted = words(tag, zone, at);
      if (wanted !== null && wanted !== said) faults.push(`${zone}: the server says "${said}" of ${tag}, by tzdata it is "${wanted}"`);
    }
    const written = await page.evaluate(zone => {
      const form = document.querySelector("form.zone");
      form.elements.zone.value = zone;
      form.requestSubmit();
      return [...document.querySelectorAll("time[datetime]")].map(time => time.textContent.replace(/^(Today|Tomorrow), /, ""));
    }, zone);
    const differing = await page.evaluate(([zone, instants, walls]) => {
      const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
      return instants.find((at, number) => format.format(new Date(at)).replace(" ", "T") !== walls[number]);
    }, [zone, instants, walls[zone]]);
    if (differing) {
      console.log(`${zone}: this browser's zone data are older, at ${differing} for one; only the server's hours are held against tzdata`);
      continue;
    }
    if (written.length !== served.length) faults.push(`${zone}: ${written.length} times in the browser, ${served.length} from the server`);
    served.forEach(([tag, said], at) => written[at] === said || faults.push(`${zone}: the script says "${written[at]}" of ${tag}, the server "${said}"`));
    seen += served.length;
  }
} finally {
  await browser.close();
  server.stop();
}
console.log(`${seen} hours of ${starts.size} meetings in ${known} zones, ${faults.length} faults`);
if (known < zones.length * 0.9) faults.push(`only ${known} zones are known here`);
if (faults.length) {
  console.log([...new Set(faults)].slice(0, 40).join("\n"));
  process.exit(1);
}
