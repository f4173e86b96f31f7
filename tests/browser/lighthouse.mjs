// Lighthouse looks at the pages people come to first. Accessibility, best practices and SEO are 100, and so is what performance is made of
// that no clock measures; its score depends on how busy this machine is, and is printed. One point is explained: Lighthouse asks for
// robots.txt from inside the page, and the policy of the pages lets nothing inside them connect to anything. It is asked for here.
import { chromium } from "playwright-core";
import lighthouse from "lighthouse";
import { serve } from "./harbour.mjs";

const PATHS = { home: "/", community: "/c/harbour/", series: "/c/harbour/call/", meeting: "/c/harbour/call/next", subscribe: "/c/harbour/subscribe" };
const server = await serve();
const port = 20_000 + (process.pid % 20_000);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [`--remote-debugging-port=${port}`, "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"],
});
const faults = [];
const robots = await fetch(`${server.base}/robots.txt`);
if (!robots.ok || !(await robots.text()).startsWith("User-agent: *\n")) faults.push("robots.txt is not there");
try {
  // A browser that has just begun is slow at its first page.
  await (await browser.newPage()).goto(server.base);
  for (const [name, path] of Object.entries(PATHS)) {
    const flags = { port, logLevel: "error", output: "json", onlyCategories: ["performance", "accessibility", "best-practices", "seo"] };
    const { lhr } = await lighthouse(server.base + path, flags);
    const score = Object.fromEntries(Object.entries(lhr.categories).map(([id, { score }]) => [id, Math.round(score * 100)]));
    console.log(`${name}: ${Object.entries(score).map(([id, points]) => `${id} ${points}`).join(", ")}`);
    for (const id of ["accessibility", "best-practices", "seo"]) {
      const lost = lhr.categories[id].auditRefs.filter(({ id, weight }) => weight && lhr.audits[id].score !== null && lhr.audits[id].score < 1)
        .filter(({ id }) => !(id === "robots-txt" && lhr.audits[id].explanation?.includes("unable to download")));
      if (!lost.length) continue;
      faults.push(`${name}: ${id} ${score[id]}: ${lost.map(({ id }) => `${id}: ${lhr.audits[id].title} ${JSON.stringify(lhr.audits[id].details?.items?.slice(0, 2) ?? "")}`).join("; ")}`);
    }
    const moved = lhr.audits["cumulative-layout-shift"].numericValue;
    if (moved > 0.05) faults.push(`${name}: what stands on it moves while it loads, by ${moved}`);
    const heavy = lhr.audits["total-byte-weight"].numericValue;
    if (heavy > 30_000) faults.push(`${name}: ${heavy} octets`);
    if (process.argv.includes("--full") && score.performance < 100) faults.push(`${name}: performance ${score.performance}`);
  }
} finally {
  await browser.close();
  server.stop();
}
if (faults.length) {
  console.log(faults.join("\n"));
  process.exit(1);
}
