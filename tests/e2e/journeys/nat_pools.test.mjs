// The ports by which nodes are reached: typed with their rules, refused at their rows, stored as REST has them, shown and cloned.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, signIn, textbox } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

const endpoints = (pool) => pool.networkConfiguration.endpointConfiguration.inboundNATPools;

journey("NAT pools", async ({ page, server, shot }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await page.goto("/accounts/studio/pools/new?tab=nodes");
  await signIn(page, user);
  await arrive(page, "Add pool");
  await page.getByRole("checkbox", { name: /^Remote access by SSH/ }).check();
  await textbox(page, "Dedicated nodes").fill("0");

  await button(page, "Add a NAT pool").click();
  await textbox(page, "Name of NAT pool 1").fill("web");
  await textbox(page, "Port of the node of NAT pool 1").fill("8080");
  const rules = page.getByRole("group", { name: "Rules of NAT pool 1" });
  await rules.getByRole("button", { name: "Add a rule" }).click();
  await rules.getByRole("textbox", { name: "Source address of rule 1" }).fill("nowhere");
  await rules.getByRole("textbox", { name: "Source ports of rule 1" }).fill("1024-2048, 4000");
  await button(page, "Add a NAT pool").click();
  await textbox(page, "Name of NAT pool 2").fill("db");
  await textbox(page, "Port of the node of NAT pool 2").fill("5432");
  assert.equal(await textbox(page, "First port of the server of NAT pool 2").inputValue(), "21000", "a range of its own");
  await textbox(page, "Last port of the server of NAT pool 2").fill("21010");

  // What does not fit is said at its row, one thing after another.
  const group = page.getByRole("group", { name: "Inbound NAT pools" });
  await textbox(page, "Name of NAT pool 2").focus();
  await button(page, "Review + create").focus();
  await rules.getByText(/^Source address: /).waitFor();
  await accessibleInBothThemes(page);
  await shot("rows");
  await rules.getByRole("textbox", { name: "Source address of rule 1" }).fill("192.0.2.0/24");
  await group.getByText(/^Last port of the server: .*at least 40/).waitFor();
  await textbox(page, "Last port of the server of NAT pool 2").fill("21999");
  await textbox(page, "Last port of the server of NAT pool 2").press("Tab");
  await page.getByRole("link", { name: "Basics" }).click();
  await textbox(page, "Pool id").fill("render");
  await button(page, "Review + create").click();
  await page.getByText("web 8080, db 5432").waitFor();
  await button(page, "Create the pool").click();
  await arrive(page, "render");

  const rule = { priority: 200, access: "allow", sourceAddressPrefix: "192.0.2.0/24", sourcePortRanges: ["1024-2048", "4000"] };
  const nat = (name, backendPort, first, last) => ({
    name, protocol: "tcp", backendPort, frontendPortRangeStart: first, frontendPortRangeEnd: last,
  });
  assert.deepEqual(endpoints(await batch.call("GET", "/pools/render")), [
    { ...nat("web", 8080, 20000, 20999), networkSecurityGroupRules: [rule] },
    nat("db", 5432, 21000, 21999),
    nat("ssh", 22, 30000, 31999),
  ]);
  const shown = page.getByRole("region", { name: "Remote access" });
  await shown.getByText("192.0.2.0/24").waitFor();
  await shown.getByText("from ports 1024-2048, 4000").waitFor();
  await accessibleInBothThemes(page);
  await shot("pool");

  await page.getByRole("group", { name: "Commands", exact: true }).getByRole("link", { name: "Clone", exact: true }).click();
  await arrive(page, "Add pool");
  await button(page, "Create the pool").click();
  await arrive(page, "render-copy");
  const [copy, first] = [await batch.call("GET", "/pools/render-copy"), await batch.call("GET", "/pools/render")];
  assert.deepEqual(endpoints(copy), endpoints(first));
});
