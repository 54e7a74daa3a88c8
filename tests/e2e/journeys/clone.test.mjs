// Copies of a pool and of a job as JSON: nothing that they were made with is lost, and what does not fit is named.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, signIn, textbox } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

const METADATA = [{ name: "team", value: "film" }];

journey("clone", async ({ page, server, shot, expect }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  const startTask = { commandLine: "/bin/true", maxTaskRetryCount: 2 };
  await batch.poolCreate("render", 0, { metadata: METADATA, resizeTimeout: "PT10M", resourceTags: { a: "b" } });
  const manager = { id: "m", commandLine: "/bin/true", runExclusive: false, environmentSettings: [{ name: "A", value: "1" }] };
  await batch.jobCreate("frames", "render", { jobManagerTask: manager, metadata: METADATA, priority: 7 });

  await page.goto("/accounts/studio/pools/render");
  await signIn(page, user);
  await arrive(page, "render");
  await clone(page, "Add pool");
  await accessibleInBothThemes(page);
  await shot("pool");

  // A property that Batch does not have is refused by its name; what was typed is still there.
  const body = textbox(page, "Body of the request");
  const text = await body.inputValue();
  expect(/pool_create_from_json/);
  await body.fill(text.replace("{", '{ "startTask": { "comandLine": "x" },'));
  await button(page, "Create the pool").click();
  await page.getByRole("alert").getByText("startTask.comandLine").waitFor();
  await shot("refused");
  await body.fill(JSON.stringify({ ...JSON.parse(text), startTask: startTask }));
  await button(page, "Create the pool").click();
  await arrive(page, "render-copy");
  const copy = await batch.call("GET", "/pools/render-copy");
  const first = await batch.call("GET", "/pools/render");
  for (const name of ["vmSize", "virtualMachineConfiguration", "metadata", "resizeTimeout", "resourceTags"]) {
    assert.deepEqual(copy[name], first[name], name);
  }
  assert.equal(copy.startTask.commandLine, "/bin/true");

  await page.goto("/accounts/studio/jobs/frames");
  await arrive(page, "frames");
  await clone(page, "Add job");
  await button(page, "Create the job").click();
  await arrive(page, "frames-copy");
  const [job, original] = [await batch.call("GET", "/jobs/frames-copy"), await batch.call("GET", "/jobs/frames")];
  for (const name of ["jobManagerTask", "metadata", "priority", "poolInfo"]) assert.deepEqual(job[name], original[name], name);

  // From nothing.
  await page.goto("/accounts/studio/jobs");
  await page.getByRole("link", { name: "Add from JSON" }).click();
  await textbox(page, "Body of the request").fill('{ "id": "typed", "poolInfo": { "poolId": "render" } }');
  await button(page, "Create the job").click();
  await arrive(page, "typed");
});

async function clone(page, title) {
  await page.getByRole("group", { name: "Commands", exact: true }).getByRole("link", { name: "Clone", exact: true }).click();
  await arrive(page, title);
}
