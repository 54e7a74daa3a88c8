// An Owner looks after the installation: adds a user by a link, sees what was done, changes quotas.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, command, go, link, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

journey("operator", async ({ page, server, open, shot }) => {
  const ada = createUser(server, "ada");
  const account = createAccount(server, "bakery");
  await page.goto("/users");
  await signIn(page, ada);
  await arrive(page, "Users");

  // A new user, by a link that the Owner hands over.
  await textbox(page, "User name").fill("grace");
  await page.getByLabel("Role").selectOption("Batch Job Submitter");
  await page.getByText("Jobs and tasks of all accounts").waitFor();
  await button(page, "Add a user").click();
  const card = page.getByRole("status").filter({ hasText: "Link for grace" });
  const url = (await card.getByRole("code").innerText()).trim();
  await accessibleInBothThemes(page);
  await shot("link");
  await link(page, "grace").waitFor();

  // Grace sets the password and is signed in; what the role does not allow is refused with a reason.
  const { page: hers } = await open({ expected: [/status of 401/] });
  await hers.goto(url);
  await hers.getByRole("heading", { name: "Set your password" }).waitFor();
  assert.ok(!hers.url().includes("#"), "the secret stays in the address bar");
  await textbox(hers, "Password").fill("a password of grace");
  await textbox(hers, "Password again").fill("a password of grace");
  await accessibleInBothThemes(hers);
  await button(hers, "Set the password").click();
  await hers.waitForURL((to) => to.pathname === "/");
  await hers.getByRole("navigation", { name: "Menu" }).getByRole("link", { name: "Accounts", exact: true }).waitFor();
  assert.equal(await hers.getByRole("link", { name: "Users" }).count(), 0, "who does not look after users sees no link to them");

  // Where she is signed in: the Owner ends the session.
  await link(page, "grace").click();
  await arrive(page, "grace");
  await button(page, "End session").click();
  await page.getByText("The user is not signed in anywhere.").waitFor();
  await hers.goto("/accounts");
  await hers.waitForURL((to) => to.pathname === "/sign-in");

  // Disabled after a question.
  await command(page, "Disable").click();
  const dialog = page.getByRole("dialog", { name: "Disable user grace?" });
  await dialog.getByRole("button", { name: "Disable" }).click();
  await command(page, "Enable").waitFor();

  // What was done, by whom, and filtered by the URL.
  await new BatchClient(account).send("POST", "/pools", { body: { id: "oven", vmSize: "standard_d1_v2", targetDedicatedNodes: 0 } });
  await new BatchClient(account, { key: account.primary.replace(/^.../, "AAA") }).send("GET", "/pools");
  await go(page, "/activity");
  await page.getByRole("row").filter({ hasText: "Fournil/users/invite/action" }).waitFor();
  await page.getByRole("row").filter({ hasText: "pools/oven" }).filter({ hasText: "bakery (account key)" }).waitFor();
  await button(page, "Failed or refused").click();
  await until("only failures", async () => (await page.getByRole("row").filter({ hasText: "Succeeded" }).count()) === 0);
  await page.getByRole("row").filter({ hasText: "AuthenticationFailed" }).first().waitFor();
  await accessibleInBothThemes(page);
  await shot("failed");
  await go(page, "/accounts/bakery/activity?what=pools/write");
  await page.getByRole("row").filter({ hasText: "pools/oven" }).waitFor();
  const download = page.waitForEvent("download");
  await link(page, "Save as CSV").click();
  assert.equal((await download).suggestedFilename(), "activity.csv");
  await textbox(page, "Who").fill("nobody");
  await textbox(page, "Who").press("Enter");
  await page.waitForURL(/who=nobody/);
  await page.getByText("Nothing to show").waitFor();

  // Quotas: changed here, and red on the form before anything is sent.
  await go(page, "/accounts/bakery/quotas");
  await arrive(page, "Quotas");
  await shot("quotas");
  await page.getByRole("textbox", { name: "Pools" }).fill("1");
  await button(page, "Save").click();
  await page.getByText("The quotas of bakery were saved").first().waitFor();
  await go(page, "/accounts/bakery/pools/new");
  await page.getByText("The account has as many pools as its quota allows.").waitFor();
  await accessibleInBothThemes(page);
  await shot("full");
});
