// A pool, a job and a schedule that are there, changed as JSON: what will be done is said first, what cannot be is refused by
// name, and what somebody else did meanwhile is not undone.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, go, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

const AT = "/accounts/studio";

journey("edit as JSON", async ({ page, server, shot, expect }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  const account = { name: "anna", password: "a long password", elevationLevel: "nonadmin" };
  await batch.poolCreate("render", 0, { metadata: [{ name: "team", value: "film" }], userAccounts: [account] });
  await batch.jobCreate("frames", "render", { priority: 3 });
  await batch.call("POST", "/jobschedules", {
    body: { id: "nightly", schedule: { doNotRunUntil: "2099-01-01T00:00:00Z" }, jobSpecification: { poolInfo: { poolId: "render" } } },
  });
  await page.goto(`${AT}/pools/render`);
  await signIn(page, user);
  await arrive(page, "render");

  const body = textbox(page, "The resource as JSON");
  const outlook = page.getByRole("status", { name: "What will be done" });
  const change = async (changes) => body.fill(JSON.stringify({ ...JSON.parse(await body.inputValue()), ...changes }, null, 2));

  await edit(page);
  await outlook.getByText("Nothing is changed yet.").waitFor();
  await change({ targetDedicatedNodes: 1, startTask: { commandLine: "/bin/true" }, id: "other", state: "deleting" });
  await outlook.getByText("id: it is said when the resource is made").waitFor();
  await outlook.getByText("state: the service says it").waitFor();
  await accessibleInBothThemes(page);
  await shot("refused");
  await change({ id: "render", state: "active" });
  await outlook.getByText("Resize to 1 dedicated node").waitFor();
  await outlook.getByText("New start task").waitFor();
  await shot("outlook");
  await button(page, "Save").click();
  await body.waitFor({ state: "hidden" });
  const pool = await batch.call("GET", "/pools/render");
  assert.deepEqual([pool.targetDedicatedNodes, pool.startTask.commandLine], [1, "/bin/true"]);
  assert.deepEqual(pool.userAccounts.map((a) => a.name), ["anna"]);
  await batch.nodes("render", 1, ["idle"]);

  // Somebody else is faster: the page says so and keeps the text.
  await go(page, `${AT}/pools/render/properties?edit=json`);
  await change({ metadata: [{ name: "mine", value: "1" }] });
  await batch.call("PATCH", "/pools/render", { body: { metadata: [{ name: "theirs", value: "2" }] } });
  await page.getByText("Somebody has changed this meanwhile.").waitFor();
  assert.ok((await body.inputValue()).includes("mine"));
  expect(/pool_edit/);
  await button(page, "Save").click();
  await page.getByRole("alert").getByText("ConditionNotMet").waitFor();
  assert.ok((await body.inputValue()).includes("mine"));
  await accessibleInBothThemes(page);
  await shot("moved");
  assert.equal((await batch.call("GET", "/pools/render")).metadata[0].name, "theirs");
  await button(page, "Begin again with what is there now").click();
  await until("the text is what is there now", async () => (await body.inputValue()).includes("theirs"));
  await button(page, "Cancel").click();
  await body.waitFor({ state: "hidden" });

  await go(page, `${AT}/jobs/frames`);
  await edit(page);
  await change({ priority: 9, poolInfo: { poolId: "other" } });
  await outlook.getByText("poolInfo: it changes only while the job is disabled.").waitFor();
  await change({ poolInfo: { poolId: "render" } });
  await outlook.getByText("New value of priority").waitFor();
  await button(page, "Save").click();
  await body.waitFor({ state: "hidden" });
  assert.equal((await batch.call("GET", "/jobs/frames")).priority, 9);

  await go(page, `${AT}/jobschedules/nightly`);
  await edit(page);
  await change({ jobSpecification: { poolInfo: { poolId: "other" }, priority: 4 } });
  await outlook.getByText("New settings for the jobs that are made from now on").waitFor();
  await button(page, "Save").click();
  await body.waitFor({ state: "hidden" });
  const { jobSpecification } = await batch.call("GET", "/jobschedules/nightly");
  assert.deepEqual([jobSpecification.poolInfo.poolId, jobSpecification.priority], ["other", 4]);
});

/** By the command, which may stand in the menu of a narrow bar. */
async function edit(page) {
  await page.getByRole("group", { name: "Commands", exact: true }).getByRole("link", { name: "Edit JSON", exact: true }).click();
  await textbox(page, "The resource as JSON").waitFor();
}
