// A pool with a user account of its own, and tasks that run as it and as users of their own.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, fact, row, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

journey("whom tasks run as", async ({ page, server, shot }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await page.goto("/accounts/studio/pools/new");
  await signIn(page, user);
  await arrive(page, "Add pool");
  await textbox(page, "Pool id").fill("render");
  for (const _ of ["nodes", "start task", "packages", "user accounts"]) await button(page, "Next").click();
  await button(page, "Add a user account").click();
  await textbox(page, "Name of user account 1").fill("root");
  const password = page.getByLabel("Password of user account 1", { exact: true });
  await password.fill("S3CRET");
  assert.equal(await password.getAttribute("type"), "password");
  await button(page, "Show or hide the password of user account 1").click();
  assert.equal(await password.getAttribute("type"), "text");
  await button(page, "Show or hide the password of user account 1").click();
  await page.getByText("root is no name for an account").first().waitFor();
  await textbox(page, "Name of user account 1").fill("anna");
  await accessibleInBothThemes(page);
  await shot("accounts");
  await button(page, "Review + create").click();
  await button(page, "Create the pool").click();
  await arrive(page, "render");
  await row(page, "anna").getByText("without special rights").waitFor();
  const [{ password: shown }] = (await batch.call("GET", "/pools/render")).userAccounts;
  assert.equal(shown, undefined);

  await batch.nodes("render", 1);
  await batch.jobCreate("frames", "render");
  await page.goto("/accounts/studio/jobs/frames/tasks/new");
  await textbox(page, "Task id").fill("mine");
  await textbox(page, "Command line").fill("/bin/sh -c 'echo $USER'");
  await page.getByRole("combobox", { name: "Runs as", exact: true }).selectOption("a user account of the pool");
  await textbox(page, "Name of the user account").fill("carl");
  await button(page, "Add 1 task").click();
  await page.getByText("the pool has no user account of this name").first().waitFor();
  await textbox(page, "Name of the user account").fill("anna");
  await accessibleInBothThemes(page);
  await shot("task");
  await button(page, "Add 1 task").click();
  await row(page, "mine").getByText("Succeeded").waitFor({ timeout: 60_000 });
  await page.goto("/accounts/studio/jobs/frames/tasks/mine");
  await until("it says whom it ran as", async () => (await fact(page, "Runs as").innerText()) === "the pool’s user account anna");
});
