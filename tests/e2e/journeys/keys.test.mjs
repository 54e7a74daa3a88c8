// Keys: masked until asked for, copied, masked again, replaced; a program with the old one is refused.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, link, signIn, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

journey("keys", async ({ page, server, shot }) => {
  const user = createUser(server, "ada");
  const account = createAccount(server, "bakery");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.clock.install();
  await page.goto("/accounts/bakery/keys");
  await signIn(page, user);
  await arrive(page, "Keys");
  const card = page.getByRole("main").locator("section").filter({ has: page.getByRole("heading", { name: "Primary key" }) });
  await card.waitFor();
  const program = page.getByRole("region", { name: "Program" });

  // Masked: neither key is anywhere in the document, and the programs have a gap for it.
  const html = await page.content();
  assert.ok(!html.includes(account.primary) && !html.includes(account.secondary), "a masked key is in the document");
  assert.match(await card.innerText(), /Last used:\s*never/);
  assert.match(await program.innerText(), /<key>/);
  await accessibleInBothThemes(page);
  await shot("masked");

  // The programs know the endpoint, in every language they are written in.
  for (const name of ["Python, azure-batch 15", "Python, azure-batch 14", "curl", "az"]) {
    await link(page, name).click();
    await until(`the endpoint in ${name}`, async () => (await program.innerText()).includes(new URL(account.url).host));
    assert.ok((await program.innerText()).includes("bakery"), `${name} names the account`);
  }
  await link(page, "Python, azure-batch 15").click();

  // Shown, copied, and in the program.
  await button(page, "Show Primary key").click();
  await card.getByText(account.primary).waitFor();
  await shot("shown");
  await accessibleInBothThemes(page);
  await card.getByRole("button", { name: "Copy: Primary key" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), account.primary);
  assert.ok((await program.innerText()).includes(account.primary), "the program has the key");
  await page.getByRole("button", { name: "Copy: Program" }).click();
  assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), (await program.innerText()).trim());

  // Masked again after half a minute, without anyone doing anything.
  await page.clock.fastForward(31_000);
  await button(page, "Show Primary key").waitFor();
  assert.ok(!(await page.content()).includes(account.primary), "the key is still in the document");

  // A program uses it: the page says so.
  const before = new BatchClient(account);
  assert.equal((await before.send("GET", "/pools")).status, 200);
  await until("the time of the last use", async () => {
    await page.reload();
    return !/Last used:\s*never/.test(await card.innerText());
  });

  // Replaced, after a question. The old key is refused from then on, the new one and the other one work.
  await card.getByRole("button", { name: "Regenerate" }).click();
  const dialog = page.getByRole("dialog", { name: "Primary key of bakery: regenerate?" });
  await dialog.waitFor();
  await accessibleInBothThemes(page);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal((await before.send("GET", "/pools")).status, 200, "cancelling changes nothing");
  await card.getByRole("button", { name: "Regenerate" }).click();
  await dialog.getByRole("button", { name: "Regenerate" }).click();
  await page.getByText("Primary key of bakery was regenerated").first().waitFor();
  assert.equal((await before.send("GET", "/pools")).status, 403, "the old key still works");
  await button(page, "Show Primary key").click();
  await button(page, "Hide Primary key").waitFor();
  const fresh = (await card.getByRole("code").innerText()).trim();
  assert.notEqual(fresh, account.primary);
  assert.equal((await new BatchClient(account, { key: fresh }).send("GET", "/pools")).status, 200);
  assert.equal((await new BatchClient(account, { key: account.secondary }).send("GET", "/pools")).status, 200);
});
