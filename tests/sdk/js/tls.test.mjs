// The same client over https.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createAccount, startServer } from "../../e2e/support/server.mjs";

test("the server's authority is trusted by a variable", async (t) => {
  const server = await startServer({ args: ["--tls-self-signed"] });
  t.after(() => server.stop());
  const account = createAccount(server, "sdkjs");
  const program = fileURLToPath(new URL("list_pools.mjs", import.meta.url));
  const list = (env) =>
    spawnSync(process.execPath, [program, account.name, account.primary, server.url], { env: { ...process.env, ...env }, encoding: "utf8" });
  const trusting = list({ NODE_EXTRA_CA_CERTS: join(server.dataDir, "tls/ca.pem") });
  assert.deepEqual([trusting.status, trusting.stdout], [0, ""], trusting.stderr);
  const strange = list({ NODE_EXTRA_CA_CERTS: "" });
  assert.notEqual(strange.status, 0);
  assert.match(strange.stderr, /unable to (get local issuer|verify the first) certificate/i);
});
