// An Owner says from where an account is reached, and looks after the group that it is in.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, command, fact, go, link, signIn, speaking, textbox, until, words } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

journey("places and network", async ({ page, server, shot, open }) => {
  const ada = createUser(server, "ada");
  const account = createAccount(server, "bakery");
  const programs = new BatchClient(account);
  const status = async () => (await programs.send("GET", "/pools")).status;
  await page.goto("/accounts/bakery/networking");
  await signIn(page, ada);
  await arrive(page, "Networking");
  assert.equal(await status(), 200);

  // A rule that is none stands at its field; one that lets in others closes the account to this machine.
  await page.getByLabel("Programs come from").selectOption("Selected addresses");
  const rules = textbox(page, "Addresses of programs");
  await rules.fill("192.0.2.0/24\nthe office");
  await button(page, "Save").click();
  await page.getByText("“the office” is neither an address nor a range.").waitFor();
  await accessibleInBothThemes(page);
  await shot("rule");
  await rules.fill("192.0.2.0/24");
  await button(page, "Save").click();
  await until("programs are shut out", async () => (await status()) === 403);
  await page.reload();
  await arrive(page, "Networking");
  assert.equal(await rules.inputValue(), "192.0.2.0/24");
  await rules.fill("192.0.2.0/24\n127.0.0.0/8");
  await button(page, "Save").click();
  await until("programs are let in", async () => (await status()) === 200);

  // Agents that are shut out: their node says why in either language, and comes back by itself.
  await programs.poolCreate("ovens", 1);
  const [node] = await programs.nodes("ovens", 1);
  const nodes = page.getByLabel("Agents of nodes come from");
  await nodes.selectOption("Selected addresses");
  await textbox(page, "Addresses of nodes").fill("192.0.2.0/24");
  await button(page, "Save").click();
  await programs.nodes("ovens", 1, ["unusable"]);
  await go(page, `/accounts/bakery/pools/ovens/nodes/${node.id}`);
  await page.getByText("do not let the node's agent in from 127.0.0.1").first().waitFor();
  await page.getByText(words("en").NODE_REMEDY_REFUSED).waitFor();
  await accessibleInBothThemes(page);
  await shot("refused");
  const { page: french } = await open(speaking("fr"));
  await french.goto(`/accounts/bakery/pools/ovens/nodes/${node.id}`);
  await signIn(french, ada, "fr");
  await french.getByText(words("fr").NODE_REMEDY_REFUSED).waitFor();
  await page.getByRole("main").getByRole("link", { name: "Networking" }).click();
  await arrive(page, "Networking");
  assert.equal(await textbox(page, "Addresses of nodes").inputValue(), "192.0.2.0/24");
  await nodes.selectOption("Every address");
  await button(page, "Save").click();
  await programs.nodes("ovens", 1);

  // A group of one's own: made, tagged, deleted; one with an account in it is not deleted.
  await go(page, "/places");
  await arrive(page, "Subscriptions");
  await page.getByRole("main").getByRole("link", { name: /^[0-9a-f-]{36}$/ }).click();
  await textbox(page, "Resource group").fill("summer");
  await button(page, "Add a resource group").click();
  await link(page, "summer").waitFor();
  await accessibleInBothThemes(page);
  await shot("groups");
  await link(page, "default").click();
  await arrive(page, "default");
  await link(page, "bakery").waitFor();
  assert.ok(await command(page, "Delete the group").getAttribute("aria-disabled"), "a group with accounts can be deleted");
  await page.goBack();
  await link(page, "summer").click();
  await arrive(page, "summer");
  assert.equal(await fact(page, "Location").innerText(), "local");
  await textbox(page, "Name").fill("season");
  await textbox(page, "Value").fill("hot");
  await button(page, "Save").click();
  await page.getByText("The tags of resource group summer were saved").first().waitFor();
  await accessibleInBothThemes(page);
  await shot("group");
  await command(page, "Delete the group").click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete the group" }).click();
  // The page of the subscription comes by itself, when it is done.
  await page.getByRole("heading", { level: 1, name: /^[0-9a-f-]{36}$/ }).waitFor();
  await until("the group is gone", async () => (await link(page, "summer").count()) === 0);

  await go(page, "/locations");
  await arrive(page, "Locations");
  await accessibleInBothThemes(page);
});
