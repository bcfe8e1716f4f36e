// A demo of a test's own, on a folder of its own: for what kills it and starts it again. Its record is in
// the database that AKSON_TEST_DATABASE names, if it names one.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/**
 * Not started yet: its `base` address and its record stay the same each time it is started. `place` is how
 * a command line names the record.
 */
export async function ownDemo(binary) {
  const folder = mkdtempSync(join(tmpdir(), "akson-demo-"));
  const port = await freePort();
  const data = join(folder, "data");
  const database = process.env.AKSON_TEST_DATABASE;
  const place = database ? ["--database", database] : ["--data", data];
  let server;
  process.on("exit", () => {
    server?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  /** Resolves when it takes requests. */
  async function start() {
    const record = database ? [...place, "--data", data] : place;
    server = spawn(binary, ["demo", "--port", `${port}`, "--people", "60", ...record],
      { stdio: ["ignore", "pipe", "ignore"] });
    for await (const line of createInterface({ input: server.stdout })) {
      if (line.includes("listens on")) return;
    }
    throw new Error("the server ended before it took requests");
  }

  /** At once, as a power cut would. */
  async function kill() {
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    await gone;
  }

  return { base: `http://127.0.0.1:${port}`, folder, place, start, kill };
}
