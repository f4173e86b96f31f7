// An invented community around a change of the clocks, and those of the sample configuration, served by the real program with the clock
// of 20 October 2026, or another.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const NOW = "2026-10-20T12:00:00Z";
const program = process.env.CONVENED_PROGRAM ?? "target/debug/convened";

const SETTINGS = `format = 1
base-url = "http://127.0.0.1:PORT"
listen = "127.0.0.1:PORT"
title = "Calls of the coast"
uid-domain = "calendar.example.org"
state = "STATE"
zone-data = "embedded"
[mail]
sender = "calendar@example.org"
folder = "MAIL"
`;

const HARBOUR = `format = 1
title = "Harbour"
home = "https://harbour.example.org"
code-of-conduct = "https://harbour.example.org/conduct"
organisers = ["dana@example.org"]
colour = "#e8a33d"
quiet = "0 minutes"
[cities]
"San Francisco" = "America/Los_Angeles"
Berlin = "Europe/Berlin"
Kolkata = "Asia/Kolkata"
Auckland = "Pacific/Auckland"
[[notes]]
folder = "notes/harbour"
series = "call"
trusted = true
[[series]]
id = "call"
title = "Harbour community call"
called = ["community call"]
description = "Open to everybody who keeps a boat or would like to."
join = "https://video.example.org/harbour"
phone = { number = "+1 555-010-0199", pin = "828 997#" }
agenda = "https://pad.example.org/harbour"
every = "2 weeks"
from = 2026-01-14
time = "18:00"
zone = "UTC"
[[series]]
id = "pilots"
title = "Pilots' round \\u05e9\\u05dc\\u05d5\\u05dd"
join = "https://video.example.org/pilots"
every = "week"
from = 2026-01-05
time = "22:30"
zone = "Europe/Berlin"
[[series.move]]
date = 2026-11-02
to-date = 2026-11-03
to-time = "09:00"
reason = "The room is painted."
`;

const NOTE = `# Harbour community call, 14 October 2026

Present: Dana, Kofi, Mei

## Action items
- [ ] @kofi paint the <b>red</b> buoy and tell the harbour master what it costs
- [ ] @mei renew the certificate of averyveryveryveryveryverylonghostnamewithoutanyspaceinit.harbour.example.org
- [ ] sweep the quay

Cancel the community call of 4 November 2026, because most of us are at the fair.
`;

/// `templates` are people's own, by path below the configuration's folder.
/// `born` is an earlier hour of a first round: lists are told only of what came after it.
export async function serve({ now = NOW, born, templates } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "convened-browser-"));
  const port = await freePort();
  const put = (path, text) => writeFileSync(join(folder, path), text);
  ["communities", "notes", "notes/harbour"].forEach(name => mkdirSync(join(folder, name)));
  put("convened.toml", SETTINGS.replaceAll("PORT", port).replace("STATE", join(folder, "state")).replace("MAIL", join(folder, "mail")));
  put("communities/harbour.toml", HARBOUR);
  put("notes/harbour/2026-10-14.md", NOTE);
  for (const name of readdirSync("config/communities")) copyFileSync(join("config/communities", name), join(folder, "communities", name));
  cpSync("config/notes", join(folder, "notes"), { recursive: true, force: false });
  if (templates) cpSync(templates, join(folder, "templates/pages"), { recursive: true });
  if (born) execFileSync(program, ["--config", folder, "once", "--now", born], { stdio: "pipe" });
  const run = (...words) => execFileSync(program, ["--config", folder, ...words, "--now", now], { stdio: "pipe" }).toString();
  run("cancel", "harbour/call", "--on", "2026-11-18", "--reason", "Most of us are at <sea>.");
  // Not by the program `faketime`: a signal to it would not reach the daemon.
  const env = { ...process.env, LD_PRELOAD: library(), FAKETIME: `@${now.slice(0, 19).replace("T", " ")}`, FAKETIME_DONT_FAKE_MONOTONIC: "1", DONT_FAKE_MONOTONIC: "1", TZ: "UTC" };
  const daemon = spawn(program, ["--config", folder, "serve"], { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  daemon.stderr.on("data", text => (said += text));
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${base}/c/harbour/`).catch(() => null);
    if (answer?.ok) break;
    if (tries > 900 || daemon.exitCode !== null) throw new Error(`The program does not serve: ${said}`);
    await new Promise(done => setTimeout(done, 100));
  }
  const stop = () => {
    daemon.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  };
  return { base, run, stop };
}

/// libfaketime of Debian's package `faketime`, for programs of several threads.
function library() {
  const folders = readdirSync("/usr/lib").map(name => join("/usr/lib", name, "faketime/libfaketimeMT.so.1"));
  const found = folders.find(path => existsSync(path));
  if (!found) throw new Error("There is no libfaketime: Debian has it in the package faketime.");
  return found;
}

function freePort() {
  return new Promise(done => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
