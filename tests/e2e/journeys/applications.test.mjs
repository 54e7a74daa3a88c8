// Applications: storage is linked first, a zip file goes up and is active, a task says hello from it; a version is replaced,
// protected and deleted, and what has no versions can go.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, command, fact, link, row, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";
import { zip } from "../support/zip.mjs";

const greeter = (text) => zip({ "bin/greet": `#!/bin/sh\necho ${text}\n`, "filler.bin": Buffer.alloc(5 * 1024 * 1024, text) });

journey("applications", async ({ page, server, shot, expect }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await page.goto("/accounts/studio/applications");
  await signIn(page, user);
  await arrive(page, "Applications");
  await page.getByText("No applications yet").waitFor();
  // Without linked storage there are no packages, and the page says where that is changed.
  await link(page, "Link a storage account").waitFor();
  await shot("empty");
  await link(page, "Link a storage account").click();
  await arrive(page, "Storage account");
  await until("none is linked", async () => (await fact(page, "Storage account").innerText()) === "Not linked");
  await page.getByLabel("Storage account of this installation").selectOption("fournil");
  await button(page, "Link this storage account").click();
  await page.getByRole("definition").getByRole("link", { name: "fournil" }).waitFor();
  await command(page, "Sync keys").click();
  await page.getByText("The storage keys of studio were synced").first().waitFor();
  await accessibleInBothThemes(page, (theme) => shot(`linked-${theme}`));
  await command(page, "Unlink").click();
  await page.getByRole("dialog", { name: "Unlink the storage of studio?" }).getByRole("button", { name: "Unlink", exact: true }).click();
  await until("none is linked", async () => (await fact(page, "Storage account").innerText()) === "Not linked");
  await page.getByLabel("Storage account of this installation").selectOption("fournil");
  await button(page, "Link this storage account").click();
  await page.getByRole("definition").getByRole("link", { name: "fournil" }).waitFor();
  await page.goto("/accounts/studio/applications");
  await page.getByText("No applications yet").waitFor();
  assert.equal(await link(page, "Link a storage account").count(), 0);

  // Created in a form that knows its fields, it asks at once for its first version.
  await link(page, "Add application").first().click();
  await arrive(page, "Add application");
  await textbox(page, "Application id").fill("no good");
  await button(page, "Create").click();
  await page.getByText(/1 to 64 letters .* underscores/).first().waitFor();
  await textbox(page, "Application id").fill("greeter");
  await textbox(page, "Display name").fill("The greeter");
  await accessibleInBothThemes(page, (theme) => shot(`create-${theme}`));
  await button(page, "Create").click();
  await arrive(page, "greeter");
  let panel = page.getByRole("dialog", { name: "Add version" });
  await panel.getByRole("textbox", { name: "Version" }).fill("1.0");
  await panel.getByLabel("Zip file").setInputFiles([{ name: "greeter.tar.gz", mimeType: "application/gzip", buffer: Buffer.from("\x1f\x8b no zip") }]);
  await panel.getByRole("button", { name: "Upload and activate" }).click();
  await panel.getByText("This is no zip file.").waitFor();
  await panel.getByLabel("Zip file").setInputFiles([{ name: "greeter.zip", mimeType: "application/zip", buffer: greeter("hello") }]);
  await accessibleInBothThemes(page, (theme) => shot(`upload-${theme}`));
  await panel.getByRole("button", { name: "Upload and activate" }).click();
  await panel.waitFor({ state: "hidden" });
  await row(page, "1.0").getByText("Active").waitFor();
  await page.locator(".upload").getByText("uploaded").waitFor();

  // The same version again is refused where it was typed; the default is chosen by a command.
  expect(/status of 412/);
  await command(page, "Add version").click();
  panel = page.getByRole("dialog", { name: "Add version" });
  await panel.getByRole("textbox", { name: "Version" }).fill("1.0");
  await panel.getByLabel("Zip file").setInputFiles([{ name: "again.zip", mimeType: "application/zip", buffer: greeter("again") }]);
  await panel.getByRole("button", { name: "Upload and activate" }).click();
  await panel.getByText("The application has this version already.").waitFor();
  await page.keyboard.press("Escape");
  await inMenu(page, "1.0", "Make default");
  await row(page, "1.0").getByText("default", { exact: true }).waitFor();
  await accessibleInBothThemes(page, (theme) => shot(`application-${theme}`));

  // The forms of pools and tasks offer what there is.
  await page.goto("/accounts/studio/pools/new");
  await textbox(page, "Pool id").fill("kitchen");
  await link(page, "Application packages").click();
  await choosePackage(page, "default (1.0)");
  await accessibleInBothThemes(page, (theme) => shot(`pool-${theme}`));
  await button(page, "Review + create").click();
  await button(page, "Create the pool").click();
  await arrive(page, "kitchen");
  await page.getByRole("region", { name: "Application packages" }).getByRole("link", { name: "greeter" }).waitFor();
  await batch.jobCreate("party", "kitchen");
  await page.goto("/accounts/studio/jobs/party/tasks/new");
  await textbox(page, "Task id").fill("hello");
  await textbox(page, "Command line").fill("/bin/sh -c '$AZ_BATCH_APP_PACKAGE_greeter_1_0/bin/greet'");
  await choosePackage(page, "1.0");
  await page.getByRole("button", { name: /^Add (1 )?task/ }).click();
  // The form is left when the task is there.
  await arrive(page, "party");
  await batch.task("party", "hello", "completed");
  await page.goto("/accounts/studio/jobs/party/tasks/hello?tab=stdout");
  await page.getByText("hello", { exact: true }).last().waitFor();
  await page.goto("/accounts/studio/jobs/party/tasks/hello");
  const references = page.getByRole("region", { name: "Application packages" });
  await references.getByText("1.0").waitFor();
  await references.getByRole("link", { name: "greeter" }).click();
  await arrive(page, "greeter");

  // A new content takes the place of the old one, for tasks that come then.
  await inMenu(page, "1.0", "Upload content");
  panel = page.getByRole("dialog", { name: "Content of version 1.0" });
  await panel.getByLabel("Zip file").setInputFiles([{ name: "better.zip", mimeType: "application/zip", buffer: greeter("goodbye") }]);
  await panel.getByRole("button", { name: "Upload and activate" }).click();
  await page.locator(".upload").getByText("uploaded").waitFor();
  await command(page, "Add version").click();
  await page.getByRole("dialog", { name: "Add version" }).getByRole("textbox", { name: "Version" }).waitFor();
  await page.keyboard.press("Escape");
  const reference = [{ applicationId: "greeter", version: "1.0" }];
  await batch.taskCreate("party", "bye", "/bin/sh -c '$AZ_BATCH_APP_PACKAGE_greeter_1_0/bin/greet'", { applicationPackageReferences: reference });
  await batch.task("party", "bye", "completed");
  await page.goto("/accounts/studio/jobs/party/tasks/bye?tab=stdout");
  await page.getByText("goodbye", { exact: true }).waitFor();

  // Protected, it cannot be replaced or deleted, and the commands say why.
  await page.goto("/accounts/studio/applications/greeter");
  await command(page, "Edit settings").click();
  panel = page.getByRole("dialog", { name: "Settings of application greeter" });
  await panel.getByRole("checkbox", { name: /^Allow updates/ }).uncheck();
  await panel.getByRole("button", { name: "Save" }).click();
  await until("updates are not allowed", async () => (await fact(page, "Allow updates").innerText()) === "No");
  await button(page, "Commands for version 1.0").click();
  await page.getByText("does not allow its versions to be replaced or deleted").first().waitFor();
  await page.keyboard.press("Escape");
  await command(page, "Edit settings").click();
  await panel.getByRole("checkbox", { name: /^Allow updates/ }).check();
  await panel.getByRole("button", { name: "Save" }).click();
  await until("updates are allowed", async () => (await fact(page, "Allow updates").innerText()) === "Yes");
  await inMenu(page, "1.0", "Delete");
  await page.getByRole("dialog", { name: "Delete version 1.0?" }).getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("No versions yet").waitFor();
  await command(page, "Delete").click();
  await page.getByRole("dialog", { name: "Delete application greeter?" }).getByRole("button", { name: "Delete", exact: true }).click();
  await arrive(page, "Applications");
  await page.getByText("No applications yet").waitFor();
});

/** Chooses a command from the menu of a version. */
async function inMenu(page, version, name) {
  await button(page, `Commands for version ${version}`).click();
  await page.locator(".menu__item", { hasText: name }).click();
}

async function choosePackage(page, version) {
  await button(page, "Add an application package").click();
  await page.getByLabel("Application of row 1").selectOption("greeter");
  await page.getByLabel("Version of row 1").selectOption(version);
}
