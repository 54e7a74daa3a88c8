// Someone is let in to a node, logs in with the command that is shown as it is shown, and is shut out again.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

journey("remote access", async ({ page, server, shot }) => {
  const user = createUser(server, "ada");
  const account = createAccount(server, "studio");
  const folder = mkdtempSync(join(tmpdir(), "fournil-ssh-"));
  try {
    execFileSync("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", join(folder, "key")]);

    // A pool whose nodes can be logged in to, made by the form.
    await page.goto("/accounts/studio/pools/new?id=open&tab=nodes");
    await signIn(page, user);
    await textbox(page, "Task slots per node").waitFor();
    await page.getByRole("checkbox", { name: /Remote access by SSH/ }).check();
    await button(page, "Review + create").click();
    await button(page, "Create the pool").click();
    await arrive(page, "open");
    const [{ id: node }] = await new BatchClient(account).nodes("open", 1);

    await page.goto(`/accounts/studio/pools/open/nodes/${node}`);
    await arrive(page, node);
    await page.getByText("The node has no users, and so its SSH server is off.").waitFor();
    await textbox(page, "Name of the user").fill("ada");
    await textbox(page, "Public key").fill(readFileSync(join(folder, "key.pub"), "utf8").trim());
    await accessibleInBothThemes(page);
    await button(page, "Add user").click();
    const ssh = page.getByRole("region", { name: "ssh command of ada" });
    await ssh.waitFor();
    await page.getByRole("region", { name: "the line for known_hosts" }).waitFor();
    await shot("open");
    await accessibleInBothThemes(page);

    // As it is typed, with what a user has in ~/.ssh: the key, and the node's key from the page.
    const knownHosts = await page.getByRole("region", { name: "the line for known_hosts" }).innerText();
    writeFileSync(join(folder, "known_hosts"), `${knownHosts.trim()}\n`);
    const config = ["BatchMode yes", "StrictHostKeyChecking yes", `UserKnownHostsFile ${folder}/known_hosts`, `IdentityFile ${folder}/key`];
    writeFileSync(join(folder, "config"), `${config.join("\n")}\n`);
    const shown = (await ssh.innerText()).trim();
    assert.match(shown, /^ssh -p \d+ ada@127\.0\.0\.1$/);
    const typed = (rest) => `${shown.replace(/^ssh /, `ssh -F ${folder}/config `)} ${rest}`;
    await until("she is in", async () => (await run(typed("'echo $AZ_BATCH_NODE_ID'"))).out.trim() === node);

    await button(page, "Delete user ada").click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete user" }).click();
    await ssh.waitFor({ state: "detached" });
    await until("she is out", async () => (await run(typed("true"))).code === 255);

    // A password is made in the browser and shown once.
    await textbox(page, "Name of the user").fill("ben");
    await page.getByRole("combobox", { name: "Logs in by" }).selectOption("password");
    await button(page, "Add user").click();
    const made = page.getByRole("status").filter({ hasText: "Password of ben" });
    await made.waitFor();
    assert.match(await made.getByRole("code").innerText(), /^[a-z0-9]{24}$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Runs a line in a shell; its exit code and what it wrote. */
const run = (line) => new Promise((resolve) => execFile("/bin/sh", ["-c", line], (error, out) => resolve({ code: error?.code ?? 0, out })));
