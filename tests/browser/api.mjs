// Holds the server against its own OpenAPI document: schemathesis asks for what it describes, and for much that it does not. Then a feed
// reader reads what is published as Atom, at an hour when a reminder has been written.
import { spawnSync } from "node:child_process";
import { serve } from "./harbour.mjs";

const examples = process.argv.includes("--full") ? "500" : "30";
const server = await serve({ now: "2026-10-20T18:30:00Z", born: "2026-10-20T10:00:00Z" });
const run = (...words) => spawnSync(words[0], words.slice(1), { stdio: "inherit" }).status ?? 1;
const api = run("tests/.venv/bin/schemathesis", "run", `${server.base}/openapi.json`, "--max-examples", examples, "--seed", "20261121", "--no-color");
// A start serves what was published last; the round that writes the reminder comes after.
for (let tries = 0; tries < 300 && !(await (await fetch(`${server.base}/c/numpy/announcements.atom`)).text()).includes("<entry>"); tries++) {
  await new Promise(done => setTimeout(done, 200));
}
const feeds = ["/changes.atom=2", "/c/harbour/changes.atom=2", "/c/harbour/announcements.atom=0", "/c/numpy/announcements.atom=1"];
const atom = run("tests/.venv/bin/python", "tests/browser/atom.py", server.base, ...feeds);
server.stop();
process.exit(api || atom);
