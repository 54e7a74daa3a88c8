// Starts the release server on a free port with a data folder of its own, and cleans up after it.

import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const READY = /^Fournil is ready at (\S+)$/m;
const SET_UP = /^Set up the first user .*: (\S+)$/m;
const START_MS = 30_000;
const STOP_MS = 10_000;
// Every process that comes from a test carries it, so that none is left behind.
const MARK = "FOURNIL_TEST_RUN";

/** The program under test: FOURNIL_BIN, or the release build of this checkout. */
export function binary() {
  if (process.env.FOURNIL_BIN) return process.env.FOURNIL_BIN;
  const script = fileURLToPath(new URL("../../../scripts/binary", import.meta.url));
  process.env.FOURNIL_BIN = spawnSync(script, { encoding: "utf8" }).stdout.trim();
  return process.env.FOURNIL_BIN;
}

/**
 * Starts `fournil serve` and waits until it is ready.
 *
 * `args` are further arguments, `env` further variables. `dataDir` and `listen` let a second server go on where a first one
 * stopped; without a folder a new one is made, and removed by `stop`.
 */
export async function startServer({ args = [], env = {}, dataDir, listen = "127.0.0.1:0" } = {}) {
  const ownDir = dataDir === undefined;
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), "fournil-test-"));
  const mark = randomUUID();
  const child = spawn(binary(), ["serve", "--listen", listen, "--data-dir", folder, ...args], {
    env: { ...process.env, ...env, [MARK]: mark },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let logs = "";
  const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(signal ?? code)));
  const ready = new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the server was not ready after ${START_MS} ms`)), START_MS);
    child.on("error", reject);
    ended.then((how) => reject(new Error(`the server ended with ${how} before it was ready`)));
    child.stderr.on("data", (chunk) => (logs += chunk));
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
      logs += chunk;
      const url = READY.exec(stdout)?.[1];
      if (url) {
        clearTimeout(late);
        resolve(url);
      }
    });
    ended.then(() => clearTimeout(late));
  });

  /** Stops the server and whatever it started. Resolves to the exit status, or the signal that ended it. */
  const stop = async ({ signal = "SIGTERM", keepData = false } = {}) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    const how = await ended;
    clearTimeout(late);
    // Agents that outlive the server can hold its output open.
    child.stdout.destroy();
    child.stderr.destroy();
    if (!keepData) {
      killLeftovers(mark, folder);
      if (ownDir) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
    return how;
  };

  let url;
  try {
    url = await ready;
  } catch (cause) {
    await stop();
    throw new Error(`${cause.message}\n${logs}`);
  }

  return {
    url,
    dataDir: folder,
    pid: child.pid,
    stop,
    logs: () => logs,
    /** The one-time link for the first user; undefined when there is a user. It is printed right after the ready line. */
    setupLink: async () => {
      for (let waited = 0; waited < 2000 && !SET_UP.test(stdout); waited += 20) await new Promise((r) => setTimeout(r, 20));
      return SET_UP.exec(stdout)?.[1];
    },
    /** `fournil admin …` on this server's data; returns what it prints as JSON. */
    admin: (words, { input } = {}) => {
      const done = spawnSync(binary(), ["admin", "--data-dir", folder, ...words, "--json"], { input, encoding: "utf8" });
      if (done.status !== 0) throw new Error(`fournil admin ${words.join(" ")} ended with ${done.status}: ${done.stderr}`);
      return done.stdout.trim() ? JSON.parse(done.stdout) : undefined;
    },
  };
}

/** Adds a user by `fournil admin`. */
export function createUser(server, name, { role = "Owner", password = "correct horse battery staple" } = {}) {
  server.admin(["user", "create", name, "--role", role, "--password-stdin"], { input: `${password}\n` });
  return { name, password };
}

/** Adds a Batch account by `fournil admin`, with its keys. */
export function createAccount(server, name) {
  const account = server.admin(["account", "create", name, "--location", "local"]);
  const keys = server.admin(["key", "list", name]);
  return { ...account, url: server.url, primary: keys.primary, secondary: keys.secondary };
}

// Node agents and their tasks outlive the server on purpose; a test's end is theirs too.
function killLeftovers(mark, folder) {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) !== process.pid && belongs(pid, mark, folder)) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
  }
}

function belongs(pid, mark, folder) {
  const holds = (read) => {
    try {
      return read();
    } catch {
      return false;
    }
  };
  return (
    holds(() => readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${MARK}=${mark}`)) ||
    holds(() => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(`${folder}`)) ||
    holds(() => `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`))
  );
}
