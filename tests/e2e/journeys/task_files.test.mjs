// A task takes a file that was picked from storage and brings its result back there; its node's files are looked at; and when
// the node is gone, its logs are still there and say that they are copies.

import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, link, row, signIn, textbox } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";
import { fillContainer } from "../support/storage.mjs";

journey("task files", async ({ page, server, shot }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await page.goto("/sign-in");
  await signIn(page, user);
  await fillContainer(page, "input", { "scenes/one.txt": "flour and water\n" });
  await fillContainer(page, "output", {});
  await batch.poolCreate("render", 1);
  await batch.jobCreate("bread", "render");

  await page.goto("/accounts/studio/jobs/bread/tasks/new");
  await textbox(page, "Task id").fill("knead");
  await textbox(page, "Command line").fill("/bin/sh -c 'tr a-z A-Z < one.txt | tee result.txt; echo done >&2'");
  await button(page, "Add a resource file").click();
  const resources = page.getByRole("group", { name: "Resource files" });
  await resources.getByRole("button", { name: "Pick from storage" }).click();
  let picker = page.getByRole("dialog", { name: "Pick from storage" });
  await picker.getByRole("combobox", { name: "Container" }).fill("input");
  await picker.getByRole("combobox", { name: "Blob" }).fill("scenes/one.txt");
  await page.keyboard.press("Tab");
  await accessibleInBothThemes(page, (theme) => shot(`pick-${theme}`));
  await picker.getByRole("button", { name: "Pick", exact: true }).click();
  await picker.waitFor({ state: "hidden" });
  await button(page, "Add an output file").click();
  const outputs = page.getByRole("group", { name: "Output files" });
  await textbox(page, "Pattern of output file 1").fill("*.txt");
  await outputs.getByRole("button", { name: "Pick from storage" }).click();
  picker = page.getByRole("dialog", { name: "Pick from storage" });
  await picker.getByRole("combobox", { name: "Container" }).fill("output");
  await page.keyboard.press("Tab");
  await picker.getByRole("button", { name: "Pick", exact: true }).click();
  await picker.waitFor({ state: "hidden" });
  await textbox(page, "Path in the container of output file 1").fill("knead");
  await accessibleInBothThemes(page, (theme) => shot(`form-${theme}`));
  await page.getByRole("button", { name: /^Add (1 )?task/ }).click();
  await page.getByText("1 task was added").first().waitFor();
  await batch.task("bread", "knead", "completed");

  // What it was given and what it gives is on its page, without signatures; the result is in the container.
  await page.goto("/accounts/studio/jobs/bread/tasks/knead");
  await page.getByRole("region", { name: "Resource files" }).getByText(/\/fournil\/input\/scenes\/one\.txt$/).waitFor();
  await page.getByRole("region", { name: "Output files" }).getByText("*.txt").waitFor();
  await accessibleInBothThemes(page, (theme) => shot(`task-${theme}`));
  await page.goto("/storage-accounts/fournil/containers/output/blobs/knead/result.txt");
  await page.getByText("FLOUR AND WATER").waitFor();

  // Added again like it, nothing is lost.
  await page.goto("/accounts/studio/jobs/bread/tasks/new?clone=knead");
  await textbox(page, "Task id").fill("again");
  await page.getByRole("button", { name: /^Add (1 )?task/ }).click();
  await page.getByText("1 task was added").first().waitFor();
  await batch.task("bread", "again", "completed");
  const [first, second] = await Promise.all(["knead", "again"].map((id) => batch.call("GET", `/jobs/bread/tasks/${id}`)));
  for (const name of ["resourceFiles", "outputFiles", "commandLine"]) {
    if (JSON.stringify(first[name]) !== JSON.stringify(second[name])) throw new Error(`${name} of the clone differs`);
  }

  // The node's own files, from its root down.
  const [{ id: node }] = await batch.nodes("render", 1);
  await page.goto(`/accounts/studio/pools/render/nodes/${node}`);
  await link(page, "Files of the node").click();
  for (const folder of ["workitems", "bread", "job-1", "knead", "wd"]) await link(page, folder).click();
  await row(page, "result.txt").waitFor();
  await accessibleInBothThemes(page, (theme) => shot(`node-files-${theme}`));
  await link(page, "result.txt").click();
  await arrive(page, "workitems/bread/job-1/knead/wd/result.txt");
  await page.getByText("FLOUR AND WATER").waitFor();

  // The node goes; the logs stay.
  await batch.call("POST", "/pools/render/resize", { body: { targetDedicatedNodes: 0 } });
  await batch.wait("no nodes", async () => (await batch.call("GET", "/pools/render")).currentDedicatedNodes === 0);
  await page.goto("/accounts/studio/jobs/bread/tasks/knead?tab=files");
  await page.getByText(/These are the kept copies of/).waitFor();
  await row(page, "wd/result.txt").getByText("not kept").waitFor();
  await accessibleInBothThemes(page, (theme) => shot(`kept-${theme}`));
  await link(page, "stderr.txt").click();
  await page.getByText(/This is the kept copy of/).waitFor();
  await page.getByText("done", { exact: true }).waitFor();
});
