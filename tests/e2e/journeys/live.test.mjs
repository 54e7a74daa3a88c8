// What another program changes is on the screen at once. The times are printed; the limit is generous, for slow machines.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { arrive, button, row, signIn } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

const GENEROUS_MS = 2000;

journey("live", async ({ t, page, server }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "bakery"));
  await batch.poolCreate("ovens", 1, { taskSlotsPerNode: 4 });
  await batch.jobCreate("bread", "ovens");
  await batch.nodes("ovens", 1);
  await page.goto("/accounts/bakery/jobs/bread/tasks");
  await signIn(page, user);
  await arrive(page, "bread");
  const main = page.getByRole("main");
  const measured = [];
  /** How long after `change` was answered the page shows it. */
  const measure = async (what, change, sign) => {
    const seen = sign.waitFor({ timeout: GENEROUS_MS * 5 }).then(() => Date.now());
    await change();
    const answered = Date.now();
    measured.push([what, Math.max(0, (await seen) - answered)]);
    // The next change is one of its own, not the tail of this one.
    await page.waitForTimeout(400);
  };

  await page.getByText("No tasks yet").waitFor();
  await measure("a job's first task", () => batch.taskCreate("bread", "rye", "/bin/sleep 600"), row(page, "rye"));
  await row(page, "rye").getByText("Running").waitFor();
  await measure("a further task", () => batch.taskCreate("bread", "oat", "/bin/sleep 600"), row(page, "oat"));
  await measure("a task is ended", () => batch.call("POST", "/jobs/bread/tasks/rye/terminate"), row(page, "rye").getByText("Failed"));
  await measure("a task is deleted", () => batch.call("DELETE", "/jobs/bread/tasks/rye"), row(page, "rye").and(page.locator("none")).or(main.getByText("1 row", { exact: true })));
  await measure("a job is disabled", () => batch.call("POST", "/jobs/bread/disable", { body: { disableTasks: "wait" } }), main.locator("header").getByText(/Disabl/));
  await page.goto("/accounts/bakery/pools");
  await row(page, "ovens").waitFor();
  await measure("a pool is made", () => batch.poolCreate("stoves", 0), row(page, "stoves"));
  await measure("a pool is resized", () => batch.call("POST", "/pools/stoves/resize", { body: { targetDedicatedNodes: 1 } }), row(page, "stoves").getByText(/\/ 1$/).first());

  for (const [what, took] of measured) t.diagnostic(`${what}: on the screen after ${took} ms`);
  for (const [what, took] of measured) assert.ok(took < GENEROUS_MS, `${what}: it took ${took} ms`);

  // Paused, nothing moves; resumed, everything is made up for.
  await page.getByRole("button", { name: "Live", exact: true }).click();
  await page.getByRole("button", { name: "Paused", exact: true }).waitFor();
  await batch.poolCreate("grill", 0);
  await page.waitForTimeout(1000);
  assert.equal(await row(page, "grill").count(), 0, "the page moves although it is paused");
  await button(page, "Paused").click();
  await row(page, "grill").waitFor();
});
