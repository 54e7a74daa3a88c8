// From an empty folder to the output of a finished task, in less than two minutes.

import assert from "node:assert/strict";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, heading, link, row, textbox, until } from "../support/portal.mjs";

const TWO_MINUTES = 120_000;

journey("first run by one click", async ({ t, page, server, shot }) => {
  const began = Date.now();
  await setUp(page, server);
  await page.getByText("Fournil runs tasks as real processes").waitFor();
  const stopwatch = Date.now();
  await button(page, "Run the example").click();
  await page.getByText("Wait for the first task to start").waitFor();
  await shot("example");
  await arrive(page, "stdout.txt");
  const log = page.getByRole("log", { name: "stdout.txt" });
  await until("the task's whole output", async () => /Hello from task 1 on node .*step 5 of 5.*done/s.test(await log.innerText()), 60_000);
  const took = Date.now() - began;
  t.diagnostic(`from the set-up link to the output of a finished task: ${took} ms, of these ${Date.now() - stopwatch} ms after the one click`);
  assert.ok(took < TWO_MINUTES, `it took ${took} ms`);
  await shot("output");
  await accessibleInBothThemes(page);

  await link(page, "File of task hello-1").click();
  await arrive(page, "hello-1");
  await page.getByText("Succeeded", { exact: true }).waitFor();
  await accessibleInBothThemes(page);
});

journey("first run by hand", async ({ t, page, server, shot }) => {
  const began = Date.now();
  await setUp(page, server);

  await link(page, "Create account").click();
  await arrive(page, "Create account");
  await textbox(page, "Account name").fill("bakery");
  await button(page, "Review + create").click();
  await accessibleInBothThemes(page);
  await button(page, "Create").click();
  await arrive(page, "bakery");
  await accessibleInBothThemes(page);

  await link(page, "Add pool").first().click();
  await arrive(page, "Add pool");
  await textbox(page, "Pool id").fill("ovens");
  await button(page, "Next").click();
  await textbox(page, "Dedicated nodes").fill("2");
  await accessibleInBothThemes(page);
  await shot("pool");
  await button(page, "Review + create").click();
  await button(page, "Create the pool").click();
  await arrive(page, "ovens");

  await page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name: "Jobs" }).click();
  await arrive(page, "Jobs");
  await accessibleInBothThemes(page);
  await link(page, "Add job").first().click();
  await textbox(page, "Job id").fill("bread");
  await page.getByRole("combobox", { name: "Pool", exact: true }).fill("ovens");
  await button(page, "Review + create").click();
  await accessibleInBothThemes(page);
  await button(page, "Create the job").click();
  await arrive(page, "bread");

  await link(page, "Add tasks").first().click();
  await arrive(page, "Add tasks");
  await textbox(page, "Task id").fill("loaf");
  await textbox(page, "Command line").fill("/bin/sh -c 'echo baked on $AZ_BATCH_NODE_ID'");
  await accessibleInBothThemes(page);
  await button(page, "Add 1 task").click();
  await heading(page, "bread").waitFor();
  await row(page, "loaf").getByText("Succeeded").waitFor({ timeout: 60_000 });
  await shot("tasks");
  await link(page, "loaf").click();
  await arrive(page, "loaf");
  await link(page, "stdout").click();
  await page.getByRole("log", { name: "stdout.txt" }).getByText(/^baked on \S+/).waitFor();
  const took = Date.now() - began;
  t.diagnostic(`from the set-up link through all forms to the output: ${took} ms`);
  assert.ok(took < TWO_MINUTES, `it took ${took} ms`);
  await accessibleInBothThemes(page);
});

/** Opens the link that the server printed and creates the owner. */
async function setUp(page, server) {
  await page.goto(await server.setupLink());
  await heading(page, "Set up Fournil").waitFor();
  assert.equal(new URL(page.url()).hash, "", "the token stays in the address bar");
  await accessibleInBothThemes(page);
  await textbox(page, "User name").fill("ada");
  await page.getByLabel(/^Password\*$/).fill("a few words to remember");
  await page.getByLabel("Password again").fill("a few words to remember");
  await button(page, "Create the owner").click();
  await arrive(page, "Home");
  await accessibleInBothThemes(page);
}
