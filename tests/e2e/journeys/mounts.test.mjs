// A pool with file systems: made in the form, listed, cloned without its secrets; the machine of the tests cannot mount them.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, row, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

journey("file systems of a pool", async ({ page, server, shot, expect }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await page.goto("/accounts/studio/pools/new");
  await signIn(page, user);
  await arrive(page, "Add pool");
  await textbox(page, "Pool id").fill("render");
  for (const _ of ["nodes", "start task", "packages", "user accounts", "file systems"]) await button(page, "Next").click();
  for (const n of [1, 2]) {
    await button(page, "Add a file system").click();
    await textbox(page, `Folder of file system ${n}`).fill(n === 1 ? "data" : "data/in");
  }
  await textbox(page, "Source of file system 1").fill("nas.invalid:/export");
  await textbox(page, "Options of file system 1, optional").fill("-o suid");
  await page.getByRole("combobox", { name: "Kind of file system 2" }).selectOption("SMB (CIFS)");
  await textbox(page, "Source of file system 2").fill("//nas.invalid/share");
  await textbox(page, "User or account of file system 2").fill("anna");
  const password = page.getByLabel("Password or key of file system 2", { exact: true });
  await password.fill("S3CRET");
  assert.equal(await password.getAttribute("type"), "password");
  await page.getByText("the option suid is not passed on").first().waitFor();
  await textbox(page, "Options of file system 1, optional").fill("-o vers=4,ro");
  await page.getByText("another folder than the others").first().waitFor();
  await textbox(page, "Folder of file system 2").fill("share");
  await accessibleInBothThemes(page);
  await shot("mounts-form");
  await button(page, "Review + create").click();
  await page.getByText("data, share").first().waitFor();
  await button(page, "Create the pool").click();
  await arrive(page, "render");
  await row(page, "data").getByText("nas.invalid:/export").waitFor();
  await row(page, "share").getByText("SMB (CIFS)").waitFor();
  await accessibleInBothThemes(page);
  await shot("mounts-pool");
  const { mountConfiguration } = await batch.call("GET", "/pools/render");
  assert.deepEqual(mountConfiguration, [
    { nfsMountConfiguration: { source: "nas.invalid:/export", relativeMountPath: "data", mountOptions: "-o vers=4,ro" } },
    { cifsMountConfiguration: { source: "//nas.invalid/share", relativeMountPath: "share", username: "anna" } },
  ]);
  assert.ok(!(await page.content()).includes("S3CRET"));

  // A copy has everything but the password, and says what is missing.
  await page.goto("/accounts/studio/pools/new?as=json&from=render");
  await arrive(page, "Add pool");
  const body = textbox(page, "Body of the request");
  await until("the copy is there", async () => (await body.inputValue()).includes('"relativeMountPath": "share"'));
  assert.ok(!(await body.inputValue()).includes("S3CRET"));
  expect(/pool_create_from_json/);
  await button(page, "Create the pool").click();
  await page.getByRole("alert").getByText("mountConfiguration[1].cifsMountConfiguration.password").waitFor();

  // The node says what keeps it from mounting.
  const failed = async () => (await batch.call("GET", "/pools/render/nodes")).value.find((node) => node.state === "unusable");
  await until("the node is unusable", async () => (await failed()) !== undefined);
  const node = await failed();
  assert.equal(node.errors[0].code, "MountConfigurationError");
  await page.goto(`/accounts/studio/pools/render/nodes/${node.id}`);
  await page.getByText("MountConfigurationError", { exact: true }).waitFor();
  await page.getByText("then reboot the node: it tries again").waitFor();
  await accessibleInBothThemes(page);
  await shot("mounts-node");
});
