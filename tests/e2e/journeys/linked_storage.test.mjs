// An Owner links a bucket as a storage account: a wrong secret is refused, a right one is never shown again, the bucket is asked,
// and given up. The bucket is a container of the server's own storage, which speaks as Azure does.

import assert from "node:assert/strict";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, link, row, signIn, textbox } from "../support/portal.mjs";
import { createUser } from "../support/server.mjs";
import { fillContainer } from "../support/storage.mjs";

journey("linked storage", async ({ page, server, open, shot, expect }) => {
  const owner = createUser(server, "grace");
  const writer = createUser(server, "wren", { role: "Contributor" });
  const key = server.admin(["storage", "key"]).primary;
  await page.goto("/storage-accounts");
  await signIn(page, owner);
  await arrive(page, "Storage accounts");
  await fillContainer(page, "bucket", { "scenes/first.txt": "one" });

  await button(page, "Link a bucket").click();
  const panel = page.getByRole("dialog", { name: "Link a bucket" });
  await panel.getByRole("button", { name: "Link", exact: true }).click();
  await panel.getByText("This is required.").first().waitFor();
  await textbox(panel, "Storage account here").fill("archive");
  await textbox(panel, "Storage account in Azure").fill("fournil");
  await textbox(panel, "Container in Azure").fill("bucket");
  await textbox(panel, "Endpoint of the service").fill(`${server.url}/fournil`);
  await panel.getByLabel("Account key or shared access signature").fill("d3Jvbmc=");
  await accessibleInBothThemes(page, (theme) => shot(`panel-${theme}`));
  expect(/status of 502/);
  await panel.getByRole("button", { name: "Link", exact: true }).click();
  await panel.getByRole("alert").getByText("refuses the credentials", { exact: false }).first().waitFor();
  await shot("refused");
  await panel.getByLabel("Account key or shared access signature").fill(key);
  await panel.getByRole("button", { name: "Link", exact: true }).click();
  await panel.waitFor({ state: "hidden" });
  await row(page, "archive").getByText("Azure Blob Storage").waitFor();
  await shot("list");

  // What others put there is seen; the secret is nowhere.
  await link(page, "archive").click();
  await arrive(page, "archive");
  await link(page, "scenes").waitFor();
  await page.getByText("Reachable").waitFor();
  assert.ok(!(await page.content()).includes(key), "the bucket's key is in the document");
  await button(page, "Check").click();
  await page.getByText("The bucket of archive was asked").first().waitFor();
  await accessibleInBothThemes(page, (theme) => shot(`account-${theme}`));
  await link(page, "scenes").click();
  await link(page, "first.txt").click();
  await page.getByText("one", { exact: true }).waitFor();

  // Only an Owner says what is linked.
  const other = await open();
  await other.page.goto("/storage-accounts/archive");
  await signIn(other.page, writer);
  await arrive(other.page, "archive");
  assert.ok(await button(other.page, "Unlink bucket").getAttribute("aria-disabled"));

  await page.goto("/storage-accounts/archive");
  await button(page, "Unlink bucket").click();
  await page.getByRole("dialog", { name: "Unlink the bucket of archive?" }).getByRole("button", { name: "Unlink bucket" }).click();
  await arrive(page, "Storage accounts");
  await row(page, "archive").waitFor({ state: "hidden" });
});
