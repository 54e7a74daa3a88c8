// Where and as whom tasks run: user accounts of a pool, users of their own, and containers.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, fact, row, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

journey("whom tasks run as", async ({ page, server, shot }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await page.goto("/accounts/studio/pools/new");
  await signIn(page, user);
  await arrive(page, "Add pool");
  await textbox(page, "Pool id").fill("render");
  for (const _ of ["nodes", "start task", "packages", "user accounts"]) await button(page, "Next").click();
  await button(page, "Add a user account").click();
  await textbox(page, "Name of user account 1").fill("root");
  const password = page.getByLabel("Password of user account 1", { exact: true });
  await password.fill("S3CRET");
  assert.equal(await password.getAttribute("type"), "password");
  await button(page, "Show or hide the password of user account 1").click();
  assert.equal(await password.getAttribute("type"), "text");
  await button(page, "Show or hide the password of user account 1").click();
  await page.getByText("root is no name for an account").first().waitFor();
  await textbox(page, "Name of user account 1").fill("anna");
  await accessibleInBothThemes(page);
  await shot("accounts");
  await button(page, "Review + create").click();
  await button(page, "Create the pool").click();
  await arrive(page, "render");
  await row(page, "anna").getByText("without special rights").waitFor();
  const [{ password: shown }] = (await batch.call("GET", "/pools/render")).userAccounts;
  assert.equal(shown, undefined);

  await batch.nodes("render", 1);
  await batch.jobCreate("frames", "render");
  await page.goto("/accounts/studio/jobs/frames/tasks/new");
  await textbox(page, "Task id").fill("mine");
  await textbox(page, "Command line").fill("/bin/sh -c 'echo $USER'");
  await page.getByRole("combobox", { name: "Runs as", exact: true }).selectOption("a user account of the pool");
  await textbox(page, "Name of the user account").fill("carl");
  await button(page, "Add 1 task").click();
  await page.getByText("the pool has no user account of this name").first().waitFor();
  await textbox(page, "Name of the user account").fill("anna");
  await accessibleInBothThemes(page);
  await shot("task");
  await button(page, "Add 1 task").click();
  await row(page, "mine").getByText("Succeeded").waitFor({ timeout: 60_000 });
  await page.goto("/accounts/studio/jobs/frames/tasks/mine");
  await until("it says whom it ran as", async () => (await fact(page, "Runs as").innerText()) === "the pool’s user account anna");
});

journey("in which containers tasks run", async ({ page, server, shot }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await page.goto("/accounts/studio/pools/new");
  await signIn(page, user);
  await arrive(page, "Add pool");
  await makePool(page, shot);
  const pool = await batch.call("GET", "/pools/boxes");
  const { containerConfiguration } = pool.virtualMachineConfiguration;
  assert.deepEqual(containerConfiguration, {
    type: "dockerCompatible",
    containerImageNames: ["busybox", "r.example:5000/render:2"],
    containerRegistries: [{ registryServer: "r.example:5000", username: "render" }],
  });
  assert.deepEqual(pool.startTask.containerSettings, { imageName: "busybox" });

  await batch.jobCreate("frames", "boxes");
  await addTask(page, shot);
  const { containerSettings } = await batch.call("GET", "/jobs/frames/tasks/one");
  assert.deepEqual(containerSettings, { imageName: "busybox", containerRunOptions: "--rm -e A=1", workingDirectory: "containerImageDefault" });

  // A copy keeps what the form shows.
  await page.goto("/accounts/studio/jobs/frames/tasks/new?clone=one");
  await textbox(page, "Task id").fill("two");
  assert.equal(await textbox(page, "Container run options").inputValue(), "--rm -e A=1");
  await button(page, "Add 1 task").click();
  await row(page, "two").waitFor();
  assert.deepEqual((await batch.call("GET", "/jobs/frames/tasks/two")).containerSettings, containerSettings);
  await makeJob(page, batch, shot);
});

const part = (page, name) => page.getByRole("group", { name, exact: true });

async function makePool(page, shot) {
  await textbox(page, "Pool id").fill("boxes");
  await button(page, "Next").click();
  await textbox(page, "Dedicated nodes").fill("0");
  await page.getByRole("checkbox", { name: /^Run the tasks of this pool in containers/ }).check();
  const images = textbox(page, "Images brought to each node");
  await images.fill("busybox\n--privileged");
  await images.press("Tab");
  await page.getByText("--privileged names no image").first().waitFor();
  await images.fill("busybox\nr.example:5000/render:2");
  await button(page, "Add a registry").click();
  await textbox(page, "Server of registry 1").fill("r.example:5000");
  await textbox(page, "User of registry 1").fill("render");
  const password = page.getByLabel("Password of registry 1", { exact: true });
  await password.fill("S3CRET");
  assert.equal(await password.getAttribute("type"), "password");
  await accessibleInBothThemes(page);
  await shot("pool");
  await button(page, "Next").click();
  await textbox(part(page, "Container of the start task"), "Container image").fill("busybox");
  await textbox(page, "Command line").fill("/bin/true");
  await accessibleInBothThemes(page);
  await shot("start-task");
  await button(page, "Review + create").click();
  await shot("review");
  await button(page, "Create the pool").click();
  await arrive(page, "boxes");
  await fact(page, "Registries").getByText("r.example:5000, as render").waitFor();
  await accessibleInBothThemes(page);
  await shot("pool-page");
}

async function addTask(page, shot) {
  await page.goto("/accounts/studio/jobs/frames/tasks/new");
  await textbox(page, "Task id").fill("one");
  const container = part(page, "Container of the task");
  await textbox(container, "Container image").fill("busybox");
  await textbox(container, "Container run options").fill("--privileged");
  await container.getByRole("checkbox", { name: /^Begin in the image’s own folder/ }).check();
  await button(page, "Add 1 task").click();
  await page.getByText("--privileged is not allowed here").first().waitFor();
  await textbox(container, "Container run options").fill("--rm -e A=1");
  await accessibleInBothThemes(page);
  await shot("container-of-task");
  // The image's own command runs.
  await button(page, "Add 1 task").click();
  await row(page, "one").waitFor();
  await page.goto("/accounts/studio/jobs/frames/tasks/one");
  await until("its page says its image", async () => (await fact(page, "Container image").innerText()) === "busybox");
  await accessibleInBothThemes(page);
  await shot("task-page");
}

async function makeJob(page, batch, shot) {
  await page.goto("/accounts/studio/jobs/new");
  await textbox(page, "Job id").fill("managed");
  await page.getByRole("combobox", { name: "Pool", exact: true }).fill("boxes");
  await button(page, "Next").click();
  await textbox(page, "Command line of the job manager task").fill("/bin/true");
  await page.locator("summary", { hasText: "Container of the job manager task" }).click();
  await textbox(part(page, "Container of the job manager task"), "Container image").fill("busybox");
  await accessibleInBothThemes(page);
  await shot("job");
  await button(page, "Review + create").click();
  await button(page, "Create the job").click();
  await arrive(page, "managed");
  const { jobManagerTask } = await batch.call("GET", "/jobs/managed");
  assert.deepEqual(jobManagerTask.containerSettings, { imageName: "busybox" });
}
