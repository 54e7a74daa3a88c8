// What a node's machine and a pool did is drawn, said to those who do not see it, and there as a table. A node is preempted.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, assertFits, button, command, go, signIn, speaking, until, words } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

// Nodes are measured each ten seconds and saved each minute; the page looks again twice a minute.
const A_WHILE = 150_000;

journey("graphs", async ({ page, server, open, shot }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await batch.poolCreate("render", 0, { targetLowPriorityNodes: 1 });
  await batch.jobCreate("frames", "render");
  await batch.taskCreate("frames", "long", "/bin/sleep 600");
  await batch.task("frames", "long", "running");
  const [{ id: node }] = await batch.nodes("render", 1);
  const here = `/accounts/studio/pools/render/nodes/${node}`;
  await page.goto(here);
  await signIn(page, user);
  await go(page, here);

  // The first minute comes by itself.
  const memory = page.getByRole("slider", { name: "Memory in use" });
  await memory.waitFor({ timeout: A_WHILE });
  assert.match(await memory.getAttribute("aria-valuetext"), /^\d\d:\d\d · [\d.,]+\s[MG]iB/);
  await accessibleInBothThemes(page, (theme) => shot(theme, page));

  // By keyboard through time: long ago nothing was measured.
  await memory.focus();
  await page.keyboard.press("Home");
  await until("the first step is read", async () => (await memory.getAttribute("aria-valuetext")).endsWith("none"));
  assert.equal(await memory.getAttribute("aria-valuenow"), "0");
  await page.keyboard.press("End");
  assert.equal(await memory.getAttribute("aria-valuenow"), "119");

  // The same as a table.
  // What went over the network is known from the second sample on.
  await page.getByRole("slider", { name: "Network" }).waitFor({ timeout: A_WHILE });
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
  // A page that is not looked at reads nothing again.
  await hers.context().close();
  await page.bringToFront();

  // The pool: states of its nodes one on another, and its slots.
  await go(page, "/accounts/studio/pools/render");
  const states = page.getByRole("slider", { name: "States of the nodes" });
  await states.waitFor();
  await until("a running node is noted", async () => (await states.getAttribute("aria-valuetext")).includes("Running 1"), A_WHILE);
  const slots = page.getByRole("slider", { name: "Slots", exact: true });
  assert.match(await slots.getAttribute("aria-valuetext"), /Task slots in use 1.* · All slots 1/);
  await states.scrollIntoViewIfNeeded();
  await accessibleInBothThemes(page, (theme) => shot(`pool-${theme}`, page));

  // The account: all its pools together.
  await go(page, "/accounts/studio");
  const together = page.getByRole("slider", { name: "States of the nodes" });
  await together.waitFor();
  await until("the running node is there, too", async () => (await together.getAttribute("aria-valuetext")).includes("Running 1"), A_WHILE);
  await together.scrollIntoViewIfNeeded();
  await accessibleInBothThemes(page, (theme) => shot(`account-${theme}`, page));

  // The operator takes the node away: its task waits again, no retry is counted.
  await go(page, here);
  await command(page, "Preempt").click();
  const dialog = page.getByRole("dialog", { name: `Preempt ${node}?` });
  await shot("preempt");
  await dialog.getByRole("button", { name: "Preempt" }).click();
  await page.getByText("Preempted", { exact: true }).first().waitFor();
  const { executionInfo } = await batch.wait("the task is given back", async () => {
    const task = await batch.call("GET", "/jobs/frames/tasks/long");
    return task.executionInfo.requeueCount === 1 && task;
  });
  assert.equal(executionInfo.retryCount, 0);
  await shot("preempted");
  await go(page, "/accounts/studio/pools/render/nodes?state=preempted");
  await page.getByRole("rowheader", { name: node }).waitFor();
});
