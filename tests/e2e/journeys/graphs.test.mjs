// What a node's machine did is drawn, said to those who do not see it, and there as a table.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, assertFits, button, go, signIn, speaking, until, words } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

// Nodes are measured each ten seconds and saved each minute; the page looks again twice a minute.
const A_WHILE = 150_000;

journey("graphs", async ({ page, server, open, shot }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await batch.poolCreate("render", 1);
  const [{ id: node }] = await batch.nodes("render", 1);
  const here = `/accounts/studio/pools/render/nodes/${node}`;
  await page.goto(here);
  await signIn(page, user);
  await go(page, here);
  await page.getByText("Nothing has been recorded for this time yet.").first().waitFor();

  // The first minute comes by itself.
  const memory = page.getByRole("slider", { name: "Memory in use" });
  await memory.waitFor({ timeout: A_WHILE });
  assert.match(await memory.getAttribute("aria-valuetext"), /^\d\d:\d\d · [\d.]+ [MG]iB/);
  await accessibleInBothThemes(page, (theme) => shot(theme, page));

  // By keyboard through time: long ago nothing was measured.
  await memory.focus();
  await page.keyboard.press("Home");
  await until("the first step is read", async () => (await memory.getAttribute("aria-valuetext")).endsWith("none"));
  assert.equal(await memory.getAttribute("aria-valuenow"), "0");
  await page.keyboard.press("End");
  assert.equal(await memory.getAttribute("aria-valuenow"), "119");

  // The same as a table.
  const figure = page.getByRole("figure").filter({ has: page.getByRole("slider", { name: "Network" }) });
  await figure.getByText("Numbers as a table").click();
  const table = figure.getByRole("table");
  assert.deepEqual((await table.getByRole("columnheader").allInnerTexts()).slice(1), ["Received", "Received, peak", "Sent", "Sent, peak"]);
  await table.getByRole("row").nth(1).waitFor();
  await shot("table");

  // A week, kept in the address; in French and on a narrow screen.
  await button(page, "7 days").click();
  await until("the week is in the URL", async () => new URL(page.url()).searchParams.get("span") === "7d");
  await page.getByRole("slider", { name: "Processors" }).waitFor();
  const { page: hers } = await open({ ...speaking("fr"), viewport: { width: 360, height: 800 } });
  await hers.goto(`${here}?span=1d`);
  await signIn(hers, user, "fr");
  await go(hers, `${here}?span=1d`);
  await hers.getByRole("slider", { name: words("fr").NODE_CPU }).waitFor();
  await assertFits(hers, "graphs");
  await hers.getByRole("slider", { name: words("fr").NODE_CPU }).scrollIntoViewIfNeeded();
  await shot("narrow", hers);
});
