// A working day: a pool, a job, its tasks and what they write, and the end of all of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, command, fact, heading, link, row, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

const COUNTS_FOR_EVER = `/bin/sh -c 'seq -f "line %g" 1 300; i=300; while sleep 0.2; do i=$((i+1)); echo "line $i"; done'`;

journey("pool, job and tasks", async ({ page, server, shot }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await page.goto("/accounts/studio");
  await signIn(page, user);
  await arrive(page, "studio");

  await makePool(page, shot);
  await makeJob(page);
  await addTasks(page, shot);
  await findWhatFailed(page, shot);
  await readALog(page, shot);
  await endAndRunAgain(page);
  await holdTheJob(page, batch);
  await endTheJob(page, shot);
  await shrinkAndDeleteThePool(page, shot);
});

const menu = (page, name) => page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name, exact: true });
const tab = (page, of, name) => page.getByRole("navigation", { name: of, exact: true }).getByRole("link", { name, exact: true });
const state = (page, name) => page.getByRole("main").locator("header").getByText(name, { exact: true });

async function makePool(page, shot) {
  await menu(page, "Pools").click();
  await page.getByText("No pools yet").waitFor();
  await accessibleInBothThemes(page);
  await link(page, "Add pool").first().click();
  await arrive(page, "Add pool");
  await textbox(page, "Pool id").fill("not an id");
  await textbox(page, "Pool id").press("Tab");
  await page.getByText("An id has 1 to 64 characters").waitFor();
  await button(page, "Review + create").click();
  await button(page, "Create the pool").click();
  await until("the field with the error has the keyboard", () => textbox(page, "Pool id").evaluate((e) => e === document.activeElement));
  await accessibleInBothThemes(page);
  await textbox(page, "Pool id").fill("render");
  await button(page, "Next").click();
  await textbox(page, "Dedicated nodes").fill("2");
  await textbox(page, "Task slots per node").fill("4");
  await button(page, "Next").click();
  await textbox(page, "Command line").fill(`/bin/sh -c 'echo ready > "$AZ_BATCH_NODE_SHARED_DIR/ready"'`);
  await page.getByRole("checkbox", { name: /Tasks wait for its success/ }).check();
  await accessibleInBothThemes(page);
  await button(page, "Review + create").click();
  await accessibleInBothThemes(page);
  await shot("review");
  await button(page, "Create the pool").click();
  await arrive(page, "render");

  // Nodes come up while one looks.
  await tab(page, "Pool", "Nodes").click();
  await until("two idle nodes", async () => (await page.getByRole("row").getByText("Idle", { exact: true }).count()) === 2, 60_000);
  await accessibleInBothThemes(page);
  await shot("nodes");
  await button(page, "Heat map").click();
  await page.getByRole("application", { name: "Heat map of 2 nodes" }).waitFor();
  await page.getByRole("list", { name: "States of the nodes" }).getByRole("link", { name: /Idle\s*2/ }).waitFor();
  await accessibleInBothThemes(page);
  await shot("heat-map");
  await page.getByRole("application").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.getByText("Node", { exact: true }).waitFor();
  await state(page, "Idle").waitFor();
  await accessibleInBothThemes(page);
  await shot("node");
}

async function makeJob(page) {
  await menu(page, "Jobs").click();
  await page.getByText("No jobs yet").waitFor();
  await link(page, "Add job").first().click();
  await textbox(page, "Job id").fill("frames");
  const pool = page.getByRole("combobox", { name: "Pool", exact: true });
  await pool.click();
  await page.getByRole("option", { name: /render/ }).waitFor();
  await pool.press("ArrowDown");
  await pool.press("Enter");
  assert.equal(await pool.inputValue(), "render");
  await button(page, "Review + create").click();
  await button(page, "Create the job").click();
  await arrive(page, "frames");
  await page.getByText("No tasks yet").waitFor();
  await accessibleInBothThemes(page);
}

async function addTasks(page, shot) {
  await link(page, "Add tasks").first().click();
  await textbox(page, "Task id").fill("first");
  await textbox(page, "Command line").fill("/bin/sh -c 'echo out; echo oh no >&2; exit 3'");
  await button(page, "Add 1 task").click();
  await row(page, "first").getByText("Failed").waitFor({ timeout: 60_000 });

  await link(page, "Add tasks").click();
  await page.getByRole("radio", { name: /^A list/ }).check();
  await textbox(page, "Command lines").fill("/bin/true\n\n  /bin/echo two\n/bin/echo three\n");
  await page.getByText("Tasks to be added: 3").waitFor();
  await accessibleInBothThemes(page);
  await button(page, "Add 3 tasks").click();
  await row(page, "task-3").getByText("Succeeded").waitFor({ timeout: 60_000 });

  await link(page, "Add tasks").click();
  await page.getByRole("radio", { name: /^A range/ }).check();
  await textbox(page, "Task id").fill("frame-{i}");
  await textbox(page, "To").fill("120");
  await textbox(page, "Digits").fill("3");
  await textbox(page, "Command line").fill("/bin/sh -c 'echo frame {i}; test {i} -ne 7'");
  await page.getByRole("cell", { name: "/bin/sh -c 'echo frame 120; test 120 -ne 7'" }).waitFor();
  await accessibleInBothThemes(page);
  await shot("range");
  await button(page, "Add 120 tasks").click();
  await page.getByText("124 rows").waitFor();

  // The counts go up without a reload.
  await page.evaluate(() => (window.sameDocument = true));
  await tab(page, "Job", "Overview").click();
  await page.getByRole("progressbar", { name: "Progress" }).waitFor();
  await link(page, /122\s*Succeeded/).waitFor({ timeout: 90_000 });
  await page.getByText(/^124 of 124 tasks ended/).waitFor();
  assert.ok(await page.evaluate(() => window.sameDocument), "the page was not loaded again");
  await accessibleInBothThemes(page);
  await shot("job");
}

async function findWhatFailed(page, shot) {
  await page.getByRole("link", { name: /^2\s*Failed$/ }).click();
  await row(page, "frame-007").waitFor();
  await until("only the failed tasks are listed", async () => (await page.getByRole("rowheader").allInnerTexts()).sort().join() === "first,frame-007");
  assert.equal(await button(page, "Failed").getAttribute("aria-pressed"), "true");
  await accessibleInBothThemes(page);
  await shot("failed");
  await link(page, "first").click();
  await arrive(page, "first");
  assert.equal(await fact(page, "Exit code").innerText(), "3");
  await page.getByText("FailureExitCode").waitFor();
  await page.getByText("the task itself").waitFor();
  await accessibleInBothThemes(page);
  await shot("task");
  await tab(page, "Task", "stderr").click();
  await page.getByRole("log", { name: "stderr.txt" }).getByText("oh no").waitFor();
  await accessibleInBothThemes(page);
  await tab(page, "Task", "Files").click();
  await link(page, "stdout.txt").waitFor();
  await accessibleInBothThemes(page);
  await shot("files");
}

async function readALog(page, shot) {
  await link(page, "frames").first().click();
  await arrive(page, "frames");
  await link(page, "Add tasks").click();
  await textbox(page, "Task id").fill("counter");
  await textbox(page, "Command line").fill(COUNTS_FOR_EVER);
  await button(page, "Add 1 task").click();
  // Among so many rows it is out of view: they are drawn when they come into it.
  await page.getByRole("searchbox", { name: "Begins with…" }).fill("cou");
  await row(page, "counter").getByText("Running").waitFor();
  await link(page, "counter").click();
  await arrive(page, "counter");
  await tab(page, "Task", "stdout").click();
  const log = page.getByRole("log", { name: "stdout.txt" });
  const lastLine = async () => Math.max(...[...(await log.innerText()).matchAll(/line (\d+)/g)].map((m) => Number(m[1])));

  // The log grows, and what is new is in view.
  await page.evaluate(() => (window.sameDocument = true));
  await until("lines that were written while the log is open", async () => (await lastLine()) > 300);
  const seen = await lastLine();
  await until("further lines", async () => (await lastLine()) > seen + 2);
  assert.ok(await page.evaluate(() => window.sameDocument), "the page was not loaded again");
  await log.getByText(`line ${await lastLine()}`, { exact: true }).and(page.locator(":visible")).first().waitFor();
  await accessibleInBothThemes(page);
  await shot("log");

  // Search goes from match to match.
  const search = page.getByRole("searchbox", { name: "Search what is loaded" });
  await search.fill("LINE 15");
  await page.getByText("Found: 11", { exact: true }).waitFor();
  await search.press("Enter");
  await page.getByText("1 of 11", { exact: true }).waitFor();
  await button(page, "Next match").click();
  await page.getByText("2 of 11", { exact: true }).waitFor();
  await log.getByText("line 150", { exact: true }).waitFor();
  await accessibleInBothThemes(page);
  await shot("search");

  // A line has a URL, which leads there again.
  await log.getByRole("link", { name: "150", exact: true }).click();
  assert.ok(page.url().endsWith("?tab=stdout#L150"), page.url());
  await page.reload();
  await until("the linked line is in view", async () => {
    const [line, window] = [await log.getByText("line 150", { exact: true }).boundingBox(), await log.boundingBox()];
    return line && line.y >= window.y && line.y + line.height <= window.y + window.height;
  });
  await shot("line");

  const [download] = await Promise.all([page.waitForEvent("download"), link(page, "Download").click()]);
  assert.equal(download.suggestedFilename(), "stdout.txt");
  assert.ok(readFileSync(await download.path(), "utf8").startsWith("line 1\nline 2\n"), "the file as the task wrote it");
}

async function endAndRunAgain(page) {
  await command(page, "Terminate").click();
  const dialog = page.getByRole("dialog", { name: "Terminate task counter?" });
  await dialog.waitFor();
  await accessibleInBothThemes(page);
  await dialog.getByRole("button", { name: "Terminate" }).click();
  await state(page, "Failed").waitFor();
  await tab(page, "Task", "Overview").click();
  await page.getByText("The task was ended before its command was done.").waitFor();
  await command(page, "Run again").click();
  await state(page, "Running").waitFor();
  await command(page, "Delete").click();
  await page.getByRole("dialog", { name: "Delete task counter?" }).getByRole("button", { name: "Delete" }).click();
  await arrive(page, "frames");
  await row(page, "task-1").waitFor();
  await until("the task is gone from the list", async () => (await row(page, "counter").count()) === 0);

  // Two at once, chosen in the list.
  await button(page, "Failed").click();
  await until("only the failed tasks are listed", async () => (await page.getByRole("rowheader").count()) === 2);
  await page.getByRole("checkbox", { name: "Select all rows" }).check();
  const selected = page.getByRole("group", { name: "Selected tasks" });
  await selected.getByText("2 selected").waitFor();
  await accessibleInBothThemes(page);
  await selected.getByRole("button", { name: "Run again" }).click();
  await page.getByRole("dialog", { name: "Run 2 tasks again?" }).getByRole("button", { name: "Run again" }).click();
  await page.getByText("2 of 2", { exact: true }).waitFor();
  await until("both have failed again", async () => (await page.getByRole("row").getByText("Failed", { exact: true }).count()) === 2);
}

async function holdTheJob(page, batch) {
  await command(page, "Disable").click();
  const dialog = page.getByRole("dialog", { name: "Disable job frames" });
  await dialog.getByRole("radio", { name: /^Run to their end/ }).check();
  await accessibleInBothThemes(page);
  await dialog.getByRole("button", { name: "Disable" }).click();
  await state(page, "Disabled").waitFor();
  await batch.taskCreate("frames", "held", "/bin/true");
  await page.goto("/accounts/studio/jobs/frames/tasks/held");
  await page.getByRole("region", { name: "Why is it waiting?" }).getByText("The job is disabled").waitFor();
  await accessibleInBothThemes(page);
  await link(page, "Open the job").click();
  await arrive(page, "frames");
  await command(page, "Enable").click();
  await state(page, "Active").waitFor();
  await batch.task("frames", "held", "completed");
}

async function endTheJob(page, shot) {
  await command(page, "Terminate").click();
  const dialog = page.getByRole("dialog", { name: "Terminate job frames" });
  await textbox(dialog, "Reason").fill("the film is done");
  await accessibleInBothThemes(page);
  await dialog.getByRole("button", { name: "Terminate" }).click();
  await state(page, "Completed").waitFor();
  assert.equal(await fact(page, "Reason for the end").innerText(), "the film is done");
  await shot("ended");

  // More than a hundred tasks: its name has to be typed.
  await command(page, "Delete").click();
  const question = page.getByRole("dialog", { name: "Delete job frames?" });
  await question.getByText("125 tasks and their files are deleted with it.").waitFor();
  await accessibleInBothThemes(page);
  await shot("delete");
  const yes = question.getByRole("button", { name: "Delete" });
  assert.ok(await isRefused(yes), "it can be deleted before its name is typed");
  await textbox(question, "Type frames to confirm").fill("frames");
  await yes.click();
  await arrive(page, "Jobs");
  await page.getByText("No jobs yet").waitFor();
}

async function shrinkAndDeleteThePool(page, shot) {
  await menu(page, "Pools").click();
  await arrive(page, "Pools");
  await row(page, "render").waitFor();
  await accessibleInBothThemes(page);
  await link(page, "render").click();
  await arrive(page, "render");
  await command(page, "Resize").click();
  const panel = page.getByRole("dialog", { name: "Resize pool render" });
  await textbox(panel, "Dedicated nodes").fill("1");
  await panel.getByText("1 node will leave the pool.").waitFor();
  await accessibleInBothThemes(page);
  await shot("resize");
  await panel.getByRole("button", { name: "Resize" }).click();
  await panel.waitFor({ state: "hidden" });
  await state(page, "Steady").waitFor();
  await tab(page, "Pool", "Nodes").click();
  await until("one node", async () => (await page.getByRole("rowheader").count()) === 1);

  await command(page, "Delete").click();
  const question = page.getByRole("dialog", { name: "Delete pool render?" });
  const yes = question.getByRole("button", { name: "Delete" });
  assert.ok(await isRefused(yes), "a pool with nodes can be deleted before its name is typed");
  await textbox(question, "Type render to confirm").fill("render");
  await yes.click();
  await arrive(page, "Pools");
  await page.getByText("No pools yet").waitFor({ timeout: 30_000 });
  await heading(page, "Pools").waitFor();
}

async function isRefused(button) {
  return (await button.getAttribute("aria-disabled")) === "true" || button.isDisabled();
}
