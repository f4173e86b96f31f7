// Walks every page in Chromium: widths, light and dark, five zones, with the script and without; a pair of each in CI, all with --full.
// Checks hours against agenda.json and against the server's ?zone=, overflow, console, requests, cookies, axe-core and html-validate.
import { readFileSync, mkdirSync } from "node:fs";
import { createServer, get } from "node:http";
import { createRequire } from "node:module";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";
import { NOW, serve } from "./harbour.mjs";

const full = process.argv.includes("--full");
const shots = "tests/output/browser";
mkdirSync(shots, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const faults = [];
const fault = (where, what) => faults.push(`${where}: ${what}`);

const PATHS = {
  home: "/", community: "/c/harbour/", series: "/c/harbour/call/", pilots: "/c/harbour/pilots/", next: "/c/harbour/call/next",
  cancelled: "/c/harbour/call/20261118T1800", moved: "/c/harbour/pilots/20261102T2230", month: "/c/harbour/2026-11", items: "/c/harbour/items",
  changes: "/c/harbour/changes", remarks: "/c/harbour/remarks", embed: "/c/harbour/embed", missing: "/c/nobody/",
  subscribe: "/c/harbour/subscribe", one: "/c/harbour/call/subscribe", all: "/subscribe", numpy: "/c/numpy/",
};
const WIDTHS = [360, 768, 1280];
const SCHEMES = ["light", "dark"];
const ZONES = ["UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Kiritimati", "Europe/Berlin"];
const SCRIPTS = [true, false];

/// Every pair of two settings stands together in one of these; or all of them.
function settings() {
  const all = WIDTHS.flatMap(width => SCHEMES.flatMap(scheme => ZONES.flatMap(zone => SCRIPTS.map(script => ({ width, scheme, zone, script })))));
  if (full) return all;
  const pairs = of => Object.entries(of).flatMap(([a, x], i, list) => list.slice(i + 1).map(([b, y]) => `${a}=${x},${b}=${y}`));
  const open = new Set(all.flatMap(pairs));
  const chosen = [];
  while (open.size) {
    const gain = one => pairs(one).filter(pair => open.has(pair)).length;
    const best = all.reduce((a, b) => (gain(b) > gain(a) ? b : a));
    pairs(best).forEach(pair => open.delete(pair));
    chosen.push(best);
  }
  return chosen;
}

const times = page => page.$$eval("time[data-as]", found => found.map(time => `${time.dataset.as} ${time.dateTime} ${time.textContent.replace(/^(Today|Tomorrow), /, "")}`));

const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
let visits = 0;
try {
  await validate();
  await hours();
  const left = settings();
  const walker = async () => {
    for (let setting = left.shift(); setting; setting = left.shift()) await visit(setting);
  };
  await Promise.all([walker(), walker()]);
  await extremes();
  await safety();
  await weight();
  await tasks();
  await choice();
  await guest();
} finally {
  await browser.close();
  server.stop();
}
console.log(`${visits} visits, ${faults.length} faults`);
if (faults.length) {
  console.log([...new Set(faults)].slice(0, 60).join("\n"));
  process.exit(1);
}

/// The pages as they are sent.
async function validate() {
  const html = new HtmlValidate({
    extends: ["html-validate:standard"],
    // Lower case and whole as browsers read it; these are habits of other houses.
    rules: { "doctype-style": "off", "void-style": "off", "no-trailing-whitespace": "off", "attribute-boolean-style": "off", "long-title": "off", "no-inline-style": "error" },
  });
  for (const [name, path] of Object.entries(PATHS)) {
    for (const query of ["", "?zone=Asia/Kolkata"]) {
      const text = await (await fetch(server.base + path + query)).text();
      const report = await html.validateString(text);
      for (const result of report.results) for (const said of result.messages) fault(`${name}${query}`, `${said.ruleId} at line ${said.line}: ${said.message}`);
    }
  }
}

/// Every instant of a meeting's page is that of agenda.json.
async function hours() {
  const agenda = await (await fetch(`${server.base}/c/harbour/agenda.json`)).json();
  if (agenda.length < 60) fault("agenda.json", `only ${agenda.length} meetings`);
  for (const meeting of agenda) {
    const path = `/c/${meeting.series}/${meeting.occurrence}`;
    const page = await (await fetch(server.base + path)).text();
    const big = page.match(/<time datetime="([^"]+)" data-end="([^"]+)" data-as="big"/);
    if (!big || big[1] !== meeting.start || big[2] !== meeting.end) fault(path, `shows ${big}, agenda.json ${meeting.start}`);
    const over = meeting.end <= NOW;
    if (!over && page.includes("video.example.org") !== (meeting.join.length > 0)) fault(path, "shows another way in than agenda.json");
  }
}

async function visit({ width, scheme, zone, script }) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, timezoneId: zone, javaScriptEnabled: script, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  // Without scripts there is no clock to set, and axe-core cannot run: it looked at the same page with them.
  if (script) await page.clock.setFixedTime(new Date(NOW));
  const where = name => `${name} ${width} ${scheme} ${zone} ${script ? "script" : "plain"}`;
  let name;
  page.on("console", said => said.type() === "error" && !/404/.test(said.text()) && fault(where(name), said.text()));
  page.on("pageerror", error => fault(where(name), error.message));
  page.on("request", request => request.url().startsWith(server.base) || fault(where(name), `asks for ${request.url()}`));
  for (const [of, path] of Object.entries(PATHS)) {
    name = of;
    visits++;
    await page.goto(server.base + path + (script ? "" : `?zone=${zone}`));
    const shown = await times(page);
    const asked = await (await fetch(`${server.base}${path}?zone=${zone}`)).text();
    const wanted = [...asked.matchAll(/<time datetime="([^"]+)"[^>]*data-as="([^"]+)"[^>]*>(.*?)<\/time>/g)].map(([, at, as, inner]) => `${as} ${at} ${inner.replace(/<[^>]+>/g, "")}`);
    if (JSON.stringify(shown) !== JSON.stringify(wanted)) fault(where(name), `shows ${shown.find((one, at) => one !== wanted[at])}, the server says ${wanted.find((one, at) => one !== shown[at])}`);
    const days = await page.$$eval("h3.day:not([hidden])", found => found.map(day => day.textContent.replace(/^(Today|Tomorrow), /, "")));
    if (new Set(days).size !== days.length) fault(where(name), "names a day twice");
    await room(page, where(name));
    if (script) await page.evaluate(axe);
    const looked = script && (await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })));
    for (const one of looked ? looked.violations : []) fault(where(name), `${one.id}: ${one.help} (${one.nodes[0].html.slice(0, 120)})`);
    await page.screenshot({ path: `${shots}/${name}-${width}-${scheme}-${zone.split("/").pop()}-${script ? "script" : "plain"}.png`, fullPage: true });
  }
  if ((await context.cookies()).length) fault("cookies", "there are some");
  await context.close();
}

/// Nothing is wider than the window, or than the room it has.
async function room(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 0) fault(where, `is ${wide} px too wide`);
  const cut = await page.$$eval("main *", all => all.filter(one => one.clientWidth && one.scrollWidth > one.clientWidth + 1 && !one.matches(".unseen, code, pre, svg, svg *")).map(one => one.outerHTML.slice(0, 120)));
  for (const one of cut) fault(where, `runs over its room: ${one}`);
}

/// The narrowest window that is to be served without scrolling sideways, which is 1,280 px at 400 % (WCAG 1.4.10), and a wide screen.
async function extremes() {
  for (const width of [320, 2560]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, timezoneId: "America/Argentina/Buenos_Aires" });
    const page = await context.newPage();
    await page.clock.setFixedTime(new Date(NOW));
    for (const [name, path] of Object.entries(PATHS)) {
      visits++;
      await page.goto(server.base + path);
      await room(page, `${name} ${width}`);
      if (width === 320) await page.screenshot({ path: `${shots}/${name}-320.png`, fullPage: true });
    }
    await context.close();
  }
}

/// What a stranger comes for, counted in clicks.
async function tasks() {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, timezoneId: "Asia/Kolkata" });
  const page = await context.newPage();
  await page.clock.setFixedTime(new Date(NOW));
  const expects = async (what, text) => (await page.locator("main").innerText()).includes(text) || fault("tasks", `${what}: "${text}" is not there`);
  await page.goto(`${server.base}/c/numpy/`);
  await expects("next NumPy meeting in Kolkata, 0 clicks", "Tomorrow, Wednesday 21 October 2026");
  await expects("its hour in Kolkata", "23:30–00:30 Kolkata");
  await page.goto(`${server.base}/c/harbour/call/`);
  await expects("next meeting in Kolkata, 0 clicks", "Wednesday 21 October 2026 23:30–00:30 Kolkata");
  await expects("how long until then", "Begins in 1 day 6 hours");
  await page.goto(`${server.base}/c/harbour/`);
  await page.getByRole("navigation").getByRole("link", { name: "Subscribe" }).click();
  const leads = async (name, begin) => {
    const link = page.getByRole("link", { name });
    const [href, box] = [await link.getAttribute("href"), await link.boundingBox()];
    if (!href?.startsWith(begin)) fault("tasks", `subscribe on a phone, 2 clicks: ${name} leads to ${href}`);
    if (!(box?.height >= 40)) fault("tasks", `${name} is too small for a thumb: ${box?.height}`);
  };
  await leads("Open in Apple Calendar", "webcal://");
  await leads("Add to Google Calendar", "https://calendar.google.com/calendar/r?cid=webcal://");
  await page.goto(`${server.base}/c/harbour/`);
  await expects("why a meeting is cancelled, 0 clicks", "Most of us are at <sea>.");
  const cancelled = page.locator("li.meeting.cancelled").getByRole("link").first();
  await cancelled.click();
  await expects("why a meeting is cancelled, 1 click", "Most of us are at <sea>.");
  await page.goBack();
  await expects("what is uncertain", "Not certain: the notes of 14 October speak of cancelling this meeting");
  await expects("tomorrow", "Tomorrow, Wednesday 21 October 2026");
  await page.getByRole("link", { name: "Action items" }).click();
  await expects("open items, 1 click", "paint the red buoy");
  await expects("whose they are", "kofi");
  await expects("where they stand", "2026-10-14.md, line 6");
  await context.close();
}

/// A zone that is chosen holds on the next page, stands in the address, and a wrong one says so.
async function choice() {
  const context = await browser.newContext({ viewport: { width: 768, height: 900 }, timezoneId: "UTC" });
  const page = await context.newPage();
  await page.goto(`${server.base}/c/harbour/call/`);
  const field = page.getByLabel("Times in");
  await field.fill("Pacific/Auckland");
  await field.press("Enter");
  if (!page.url().endsWith("?zone=Pacific%2FAuckland")) fault("choice", `the address is ${page.url()}`);
  await page.goto(`${server.base}/c/harbour/`);
  if ((await field.inputValue()) !== "Pacific/Auckland") fault("choice", "it is forgotten on the next page");
  await field.fill("Atlantis/Palace");
  await field.press("Enter");
  if (!(await page.getByRole("status").innerText()).includes("not known")) fault("choice", "a wrong zone is not said");
  await page.keyboard.press("Home");
  await context.close();
}

/// No page lets a script or style of its own run, and no address leads elsewhere.
async function safety() {
  for (const path of [...Object.values(PATHS), "/style.css", "/time.js", "/embed.js", "/feeds/all.ics"]) {
    const { headers } = await fetch(server.base + path);
    const policy = headers.get("content-security-policy") ?? "";
    if (!policy.startsWith("default-src 'none'") || /unsafe|\*(?!$)|https?:/.test(policy)) fault(path, `its policy is ${policy}`);
    if (headers.get("set-cookie")) fault(path, "sets a cookie");
  }
  for (const path of ["//evil.example/", "/%2f%2fevil.example/", "/c/harbour//evil.example", "/\\evil.example", "/?zone=//evil.example", "/c/harbour?next=https://evil.example", "/c/harbour/call/next?to=//evil.example"]) {
    const answer = await fetch(server.base + path, { redirect: "manual" });
    if (answer.status >= 300 && answer.status < 400) fault(path, `leads to ${answer.headers.get("location")}`);
  }
}

/// The first page with everything it loads, as it comes over the wire.
async function weight() {
  for (const path of ["/", "/c/harbour/", "/c/numpy/", "/c/harbour/call/", "/c/harbour/call/next", "/c/harbour/subscribe"]) {
    const html = await (await fetch(server.base + path)).text();
    const loaded = [...html.matchAll(/<(?:link rel="(?:stylesheet|icon)"[^>]*href|script src)="([^"]+)"/g)].map(([, at]) => at);
    const blocking = [...html.matchAll(/<link rel="stylesheet"|<script src="[^"]+">/g)].length;
    let sum = 0;
    for (const at of [path, ...loaded]) sum += await octets(at);
    if (sum >= 30_000) fault(path, `weighs ${sum} octets`);
    if (blocking !== 1) fault(path, `${blocking} things hold it up`);
    console.log(`${path}: ${sum} octets with everything it loads`);
  }
  const script = await (await fetch(`${server.base}/embed.js`)).text();
  if (script.length >= 5000) fault("embed.js", `has ${script.length} octets`);
}

/// How long an answer's body is as it is sent.
function octets(path) {
  return new Promise((done, failed) => {
    get(server.base + path, { headers: { "accept-encoding": "gzip" } }, answer => {
      let sum = 0;
      answer.on("data", part => (sum += part.length)).on("end", () => done(sum));
    }).on("error", failed);
  });
}

/// The next meetings on somebody else's page, at its reader's hours; by keyboard the first stop is the content.
async function guest() {
  const context = await browser.newContext({ timezoneId: "Asia/Kolkata" });
  const page = await context.newPage();
  await page.clock.setFixedTime(new Date(NOW));
  const body = `<!doctype html><title>x</title><h1>Harbour</h1><script async src="${server.base}/embed.js" data-community="harbour" data-count="6"></script>`;
  const elsewhere = createServer((_, answer) => answer.setHeader("content-type", "text/html").end(body));
  await new Promise(done => elsewhere.listen(0, "127.0.0.1", done));
  await page.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  const list = page.locator("ul.convened li");
  await list.nth(5).waitFor({ timeout: 20_000 }).catch(() => fault("embed.js", "shows no six meetings"));
  const said = await page.evaluate(() => document.querySelector("ul.convened")?.innerText ?? "");
  elsewhere.close();
  for (const part of ["Wednesday 21 October 2026 at 23:30", "Harbour community call"]) if (!said.replaceAll(",", "").includes(part)) fault("embed.js", `does not say ${part}: ${said}`);
  await page.goto(`${server.base}/c/harbour/`);
  await page.keyboard.press("Tab");
  if ((await page.evaluate(() => document.activeElement.className)) !== "skip") fault("keyboard", "the first stop is not the way to the content");
  await context.close();
}
