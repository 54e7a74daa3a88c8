// The forms of a job with tasks of its own, rules and dependencies, of tasks with exit conditions, of a job schedule, of what is
// done to nodes, of access tokens and of programs that are let in: what they say, and what the server then holds.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, command, fact, go, link, row, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

const AT = "/accounts/studio";

journey("the rules of a job", async ({ page, server, shot, expect }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await page.goto(AT);
  await signIn(page, user);
  await arrive(page, "studio");

  await makeJob(page, batch, shot);
  await findOutWhyItWaits(page, batch, shot);
  await seeThePreparationsFiles(page, shot);
  await addTasksThatDepend(page, batch, shot);
  await readWhyATaskFailed(page, shot);
  await keepFilesLonger(page, batch, shot);
  await changeTheJob(page, batch, shot);
  await makeASchedule(page, batch, shot);
  await changeTheSchedule(page, batch, shot);
  await restartAndRemoveANode(page, batch, shot, expect);
  await makeAndRevokeAToken(page, shot, expect);
  await letAProgramIn(page, server, shot, expect);
});

const checkbox = (page, name) => page.getByRole("checkbox", { name });

async function makeJob(page, batch, shot) {
  await go(page, `${AT}/jobs/new`);
  await textbox(page, "Job id").fill("film");
  await page.getByRole("combobox", { name: "Pool", exact: true }).fill("render");
  await button(page, "Next").click();
  await textbox(page, "Command line of the job manager task").fill("/bin/sh -c 'echo managed'");
  await checkbox(page, /^The job ends when all its tasks have/).check();
  await checkRules(page);
  await accessibleInBothThemes(page);
  await shot("limits");
  await button(page, "Next").click();
  await textbox(page, "Preparation command").fill("/bin/sh -c 'echo prepared; echo kept > kept.txt'");
  await textbox(page, "Files of the preparation are kept for").fill("soon");
  await button(page, "Review + create").click();
  await button(page, "Create the job").click();
  const retention = textbox(page, "Files of the preparation are kept for");
  await until("the field with the error has the keyboard", () => retention.evaluate((e) => e === document.activeElement));
  await retention.fill("2h");
  await textbox(page, "Release command").fill("/bin/sh -c 'echo released'");
  await textbox(page, "Files of the release are kept for").fill("1d");
  await accessibleInBothThemes(page);
  await button(page, "Review + create").click();
  await button(page, "Create the job").click();
  await arrive(page, "film");

  const job = await batch.call("GET", "/jobs/film");
  assert.equal(job.jobManagerTask.commandLine, "/bin/sh -c 'echo managed'");
  assert.equal(job.jobManagerTask.killJobOnCompletion, false, "the job ends with its tasks and not with their manager");
  assert.equal(job.onAllTasksComplete, "terminatejob");
  assert.equal(job.jobPreparationTask.constraints.retentionTime, "PT2H");
  assert.equal(job.jobPreparationTask.waitForSuccess, true);
  assert.equal(job.jobReleaseTask.commandLine, "/bin/sh -c 'echo released'");
  assert.equal(job.jobReleaseTask.retentionTime, "P1D");
  assertRules(job);
}

/** Those of a job and of a schedule's jobs are the same. */
async function checkRules(page) {
  await checkbox(page, /^Tasks may depend on other tasks/).check();
  await checkbox(page, /^Tasks that depend on a failed task fail too/).check();
  await checkbox(page, /^Tasks keep their order/).check();
  await checkbox(page, /^Running tasks give way/).check();
}

function assertRules(job) {
  assert.equal(job.usesTaskDependencies, true);
  assert.equal(job.allowTaskPreemption, true);
  assert.deepEqual(job.metadata, [
    { name: "fournil:failDependents", value: "true" },
    { name: "fournil:strictOrder", value: "true" },
  ]);
}

async function findOutWhyItWaits(page, batch, shot) {
  const why = page.getByRole("region", { name: "Why does nothing happen?" });
  await why.getByText("The pool render does not exist.").waitFor();
  await accessibleInBothThemes(page);
  await shot("why");
  await why.getByRole("link", { name: "Create the pool" }).waitFor();
  await batch.poolCreate("render", 1);
  await batch.task("film", "jobmanager", "completed");
  await until("nothing is left to explain", async () => (await why.count()) === 0 || why.getByText("have ended").isVisible());
}

async function seeThePreparationsFiles(page, shot) {
  await go(page, `${AT}/jobs/film/preparation`);
  await until("both tasks ended well on the node", async () => (await page.getByRole("cell").getByText("Succeeded").count()) === 2, 60_000);
  await accessibleInBothThemes(page);
  await shot("nodes-of-job");
  await page.getByRole("cell").getByRole("link", { name: "Files" }).first().click();
  await link(page, "wd").waitFor();
  assert.ok(new URL(page.url()).searchParams.get("folder").endsWith("/jobpreparation"), page.url());
}

async function addTasksThatDepend(page, batch, shot) {
  await batch.jobCreate("frames", "render", { usesTaskDependencies: true, metadata: [{ name: "fournil:failDependents", value: "true" }] });
  await go(page, `${AT}/jobs/frames/tasks/new`);
  await textbox(page, "Task id").fill("fails");
  await textbox(page, "Command line").fill("/bin/sh -c 'exit 3'");
  await button(page, "Add 1 task").click();
  await row(page, "fails").getByText("Failed").waitFor({ timeout: 60_000 });
  await shot("failed");
  await link(page, "Add tasks").first().click();
  await textbox(page, "Task id").fill("after");
  await textbox(page, "Command line").fill("/bin/true");
  await textbox(page, "Depends on").fill("fails");
  await button(page, "Add 1 task").click();
  await row(page, "after").waitFor();
  const after = await batch.task("frames", "after", "completed");
  assert.deepEqual(after.dependsOn.taskIds, ["fails"]);
  assert.equal(after.executionInfo.failureInfo.code, "TaskSchedulingConstraintFailed");

  // A failure that is forgiven.
  await link(page, "Add tasks").first().click();
  await textbox(page, "Task id").fill("forgiven");
  await textbox(page, "Command line").fill("/bin/sh -c 'exit 4'");
  await button(page, "Add a condition").click();
  await page.getByRole("combobox", { name: "When does condition 1 hold?" }).selectOption({ label: "It exits with" });
  await textbox(page, "Exit codes of condition 1").fill("4, 7-9");
  await page.getByRole("combobox", { name: "What do dependents do after condition 1?" }).selectOption({ label: "Dependents may run" });
  await accessibleInBothThemes(page);
  await shot("exit-conditions");
  await button(page, "Add 1 task").click();
  await row(page, "forgiven").waitFor();
  const { exitConditions } = await batch.task("frames", "forgiven", "completed");
  assert.deepEqual(exitConditions.exitCodes, [{ code: 4, exitOptions: { dependencyAction: "satisfy" } }]);
  assert.deepEqual(exitConditions.exitCodeRanges, [{ start: 7, end: 9, exitOptions: { dependencyAction: "satisfy" } }]);
  await batch.taskCreate("frames", "behind", "/bin/true", { dependsOn: { taskIds: ["forgiven"] } });
  const behind = await batch.task("frames", "behind", "completed");
  assert.equal(behind.executionInfo.result, "success");
}

async function readWhyATaskFailed(page, shot) {
  await go(page, `${AT}/jobs/frames/tasks/after`);
  await page.getByText("A task that it depends on has failed.").waitFor();
  await page.getByText("Mend that task and run it again first").waitFor();
  await accessibleInBothThemes(page);
  await shot("why-it-failed");
  await go(page, `${AT}/jobs/frames/tasks/fails`);
  await page.getByText("The command ended with an exit code other than 0.").waitFor();
}

async function keepFilesLonger(page, batch, shot) {
  await go(page, `${AT}/jobs/frames/tasks/fails?panel=edit`);
  const panel = page.getByRole("dialog", { name: "Limits of task fails" });
  await panel.getByRole("textbox", { name: "Files are kept for" }).fill("30d");
  await accessibleInBothThemes(page);
  await shot("limits-of-task");
  await panel.getByRole("button", { name: "Save" }).click();
  await panel.waitFor({ state: "hidden" });
  await until("the files are kept longer", async () => (await fact(page, "Files are kept for").innerText()).includes("30"));
  assert.equal((await batch.call("GET", "/jobs/frames/tasks/fails")).constraints.retentionTime, "P30D");
}

async function changeTheJob(page, batch, shot) {
  await batch.jobCreate("plain", "render");
  await go(page, `${AT}/jobs/plain`);
  await link(page, "Edit").click();
  const panel = page.getByRole("dialog", { name: "Edit job plain" });
  await panel.getByRole("textbox", { name: "Priority" }).fill("7");
  await panel.getByRole("checkbox", { name: /^Tasks keep their order/ }).check();
  await panel.getByText("disable it first").waitFor();
  await accessibleInBothThemes(page);
  await shot("edit");
  // By keyboard, as all forms.
  await panel.getByRole("textbox", { name: "Priority" }).press("Enter");
  await panel.waitFor({ state: "hidden" });
  const job = await batch.call("GET", "/jobs/plain");
  assert.equal(job.priority, 7);
  assert.deepEqual(job.metadata, [{ name: "fournil:strictOrder", value: "true" }]);
  await batch.call("POST", "/jobs/plain/disable", { body: { disableTasks: "requeue" } });
  await go(page, `${AT}/jobs/plain?panel=edit`);
  await panel.getByRole("textbox", { name: "Pool" }).fill("other");
  await panel.getByRole("button", { name: "Save" }).click();
  await panel.waitFor({ state: "hidden" });
  assert.equal((await batch.call("GET", "/jobs/plain")).poolInfo.poolId, "other");
}

async function makeASchedule(page, batch, shot) {
  await go(page, `${AT}/jobschedules/new`);
  await textbox(page, "Schedule id").fill("nightly");
  await page.getByRole("combobox", { name: "Pool", exact: true }).fill("render");
  await button(page, "Next").click();
  await textbox(page, "Not before").fill("2099-01-01");
  await button(page, "Next").click();
  await checkRules(page);
  await accessibleInBothThemes(page);
  await shot("schedule");
  await button(page, "Next").click();
  await textbox(page, "Preparation command").fill("/bin/true");
  await button(page, "Review + create").click();
  await button(page, "Create the job schedule").click();
  await arrive(page, "nightly");
  const { jobSpecification } = await batch.call("GET", "/jobschedules/nightly");
  assertRules(jobSpecification);
  assert.equal(jobSpecification.jobPreparationTask.commandLine, "/bin/true");
}

async function changeTheSchedule(page, batch, shot) {
  const before = await batch.call("GET", "/jobschedules/nightly");
  await link(page, "Edit").click();
  const panel = page.getByRole("dialog", { name: "Edit job schedule nightly" });
  await panel.getByText("Changes are for the jobs that are made from now on.").waitFor();
  await panel.getByRole("textbox", { name: "Start window" }).fill("10s");
  await panel.getByRole("button", { name: "Save" }).click();
  await panel.getByText("At least a minute.", { exact: true }).waitFor();
  await panel.getByRole("textbox", { name: "Start window" }).fill("2h");
  assert.equal(await panel.getByText("the turns begin anew").count(), 0, "the start window alone changes no turn");
  await panel.getByRole("textbox", { name: "Interval" }).fill("1d");
  await panel.getByText("the turns begin anew").waitFor();
  await panel.getByRole("textbox", { name: "Priority" }).fill("7");
  await panel.getByRole("textbox", { name: "Preparation command" }).fill("/bin/echo other");
  await accessibleInBothThemes(page);
  await shot("edit-schedule");
  await panel.getByRole("button", { name: "Save" }).click();
  await panel.waitFor({ state: "hidden" });
  await until("the interval is shown", async () => (await fact(page, "Interval").innerText()).includes("1"));
  const { schedule, jobSpecification } = await batch.call("GET", "/jobschedules/nightly");
  assert.deepEqual(schedule, { doNotRunUntil: "2099-01-01T00:00:00Z", startWindow: "PT2H", recurrenceInterval: "P1D" });
  const preparation = { ...before.jobSpecification.jobPreparationTask, commandLine: "/bin/echo other" };
  assert.deepEqual(jobSpecification, { ...before.jobSpecification, priority: 7, jobPreparationTask: preparation });
}

async function restartAndRemoveANode(page, batch, shot, expect) {
  const [node] = await batch.nodes("render", 1, ["idle"]);
  const at = `${AT}/pools/render/nodes/${node.id}`;
  await batch.jobCreate("long", "render");
  await batch.taskCreate("long", "sleeps", "/bin/sleep 600");
  await batch.task("long", "sleeps", "running");
  await go(page, at);
  await command(page, "Reboot").click();
  const reboot = page.getByRole("dialog", { name: `Reboot node ${node.id}?` });
  await reboot.getByRole("combobox", { name: "Tasks that run on the node" }).selectOption("terminate");
  await reboot.getByText("They are ended and count as failed").waitFor();
  await accessibleInBothThemes(page);
  await shot("reboot");
  await reboot.getByRole("button", { name: "Reboot" }).click();
  const ended = await batch.task("long", "sleeps", "completed");
  assert.equal(ended.executionInfo.failureInfo.code, "TaskEnded", "it was ended and not put back");

  await batch.nodes("render", 1, ["idle"]);
  await go(page, at);
  await until("the node can be removed", () => command(page, "Remove").isEnabled());
  await command(page, "Remove").click();
  // The page and its way in may look once more when the node is gone.
  expect(/node_(access_)?get/);
  await page.getByRole("dialog", { name: `Remove node ${node.id}?` }).getByRole("button", { name: "Remove" }).click();
  await batch.nodes("render", 0, ["idle", "running", "leavingpool"]);
  assert.equal((await batch.call("GET", "/pools/render")).targetDedicatedNodes, 0);
}

async function makeAndRevokeAToken(page, shot, expect) {
  await go(page, "/tokens");
  await textbox(page, "Description").fill("render farm");
  await accessibleInBothThemes(page);
  // It lets do less than ada may: a place that there is not is refused at its field.
  await page.getByLabel("Lets do").selectOption("Reader");
  await textbox(page, "Only in").fill("nowhere");
  expect(/token_create/);
  await button(page, "Create token").click();
  await page.getByText("There is no account of this name.").waitFor();
  await textbox(page, "Only in").fill("studio");
  await button(page, "Create token").click();
  await page.getByText("Copy it now.").waitFor();
  await page.getByRole("cell", { name: "Reader · studio" }).waitFor();
  await accessibleInBothThemes(page);
  await shot("token");
  await button(page, "Revoke render farm").click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await until("it is gone", async () => (await button(page, "Revoke render farm").count()) === 0);
}

async function letAProgramIn(page, server, shot, expect) {
  const ask = async (way, form) => {
    const response = await fetch(`${server.url}/fournil/oauth2/v2.0/${way}`, { method: "POST", body: new URLSearchParams(form) });
    return response.json();
  };
  const begun = await ask("devicecode", { client_id: "render-cli" });
  await go(page, "/device");
  await accessibleInBothThemes(page);
  expect(/device_sign_in_get/);
  await textbox(page, "Code").fill("BCDF-GHJ");
  await button(page, "Next").click();
  await page.getByText("There is nothing here.").waitFor();
  await textbox(page, "Code").fill(begun.user_code.toLowerCase());
  await button(page, "Next").click();
  await page.getByRole("heading", { name: "May this program sign in as ada?" }).waitFor();
  await page.getByText("render-cli").waitFor();
  await accessibleInBothThemes(page);
  await shot("device");
  await button(page, "Allow").click();
  await page.getByText("The program goes on by itself").waitFor();
  const grant = { grant_type: "urn:ietf:params:oauth:grant-type:device_code", client_id: "render-cli", device_code: begun.device_code };
  const given = await ask("token", grant);
  const accounts = `${server.url}/subscriptions?api-version=2022-12-01`;
  assert.equal((await fetch(accounts, { headers: { authorization: `Bearer ${given.access_token}` } })).status, 200);
  await go(page, "/tokens");
  await row(page, "render-cli at 127.0.0.1, by a device code").waitFor();
}
