// Accounts, applications and pools are managed by Microsoft's client for JavaScript.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createAccount, createUser, startServer } from "../../e2e/support/server.mjs";

test("an account, an application and a pool live from creation to deletion, for a program that signs in", async (t) => {
  const server = await startServer({ args: ["--tls-self-signed"] });
  t.after(() => server.stop());
  const { subscriptionId } = createAccount(server, "probe");
  createUser(server, "builder", { role: "Contributor" });
  const { token } = server.admin(["token", "create", "--user", "builder"]);
  const program = fileURLToPath(new URL("manage_accounts.mjs", import.meta.url));
  const trust = { NODE_EXTRA_CA_CERTS: join(server.dataDir, "tls/ca.pem") };
  const env = { ...process.env, ...trust, AZURE_CLIENT_ID: "builder", AZURE_CLIENT_SECRET: token };
  const done = spawnSync(process.execPath, [program, server.url, subscriptionId], { env, encoding: "utf8", timeout: 120_000 });
  assert.equal(done.status, 0, done.stderr + server.logs());
});
