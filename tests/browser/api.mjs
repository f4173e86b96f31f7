// Holds the server against its own OpenAPI document: schemathesis asks for what it describes, and for much that it does not.
import { spawnSync } from "node:child_process";
import { serve } from "./harbour.mjs";

const examples = process.argv.includes("--full") ? "500" : "30";
const server = await serve();
const words = ["run", `${server.base}/openapi.json`, "--max-examples", examples, "--seed", "20261121", "--no-color"];
const { status } = spawnSync("tests/.venv/bin/schemathesis", words, { stdio: "inherit" });
server.stop();
process.exit(status ?? 1);
