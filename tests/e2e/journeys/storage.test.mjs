// Storage: a container is made, files go up by button and by drop, are looked at without ever running, shared for a while,
// and go again; who may not, may not.

import assert from "node:assert/strict";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, link, row, signIn, textbox, until } from "../support/portal.mjs";
import { createUser } from "../support/server.mjs";

const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const LARGE = Buffer.alloc(5 * 1024 * 1024 + 7, "0123456789\n");

journey("storage", async ({ page, server, open, shot, expect }) => {
  const user = createUser(server, "ada");
  createUser(server, "rita", { role: "Reader" });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/storage-accounts");
  await signIn(page, user);
  await arrive(page, "Storage accounts");
  await link(page, "fournil").click();
  await arrive(page, "fournil");
  await accessibleInBothThemes(page, (theme) => shot(`account-${theme}`));

  // Keys are masked until they are asked for.
  const key = server.admin(["storage", "key"]).primary;
  assert.ok(!(await page.content()).includes(key), "a masked key is in the document");
  await button(page, "Show Primary key").click();
  await page.getByText(key, { exact: true }).waitFor();
  await button(page, "Hide Primary key").click();

  // A name that is none is said at its field; a good one makes a container.
  await textbox(page, "New container").fill("No Name");
  await button(page, "Create container").click();
  await page.getByText(/3 to 63 lower-case letters, digits and single hyphens between them/).waitFor();
  await textbox(page, "New container").fill("scenes");
  await button(page, "Create container").click();
  await link(page, "scenes").click();
  await arrive(page, "scenes");
  await page.getByText("Nothing here yet").waitFor();

  // Several files at once, one of them in many blocks; then one by drop.
  await page.getByLabel("Upload files").setInputFiles([
    { name: "settings.json", mimeType: "application/json", buffer: Buffer.from('{"b":1.50,"a":[1,2]}') },
    { name: "evil page.html", mimeType: "text/html", buffer: Buffer.from("<script>document.title='run'</script>") },
    { name: "dot.png", mimeType: "image/png", buffer: PNG },
    { name: "drawing.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>") },
    { name: "large.log", mimeType: "text/plain", buffer: LARGE },
    { name: "raw.bin", mimeType: "", buffer: Buffer.from([0, 1, 2, 255, 0, 7]) },
  ]);
  await until("all are uploaded", async () => (await page.locator(".upload li", { hasText: "uploaded" }).count()) === 6);
  for (const name of ["settings.json", "evil page.html", "dot.png", "drawing.svg", "large.log", "raw.bin"]) await link(page, name).waitFor();
  await page.locator(".upload").evaluate((area) => {
    const data = new DataTransfer();
    data.items.add(new File(["dropped"], "dropped.txt"));
    area.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await link(page, "dropped.txt").waitFor();
  await accessibleInBothThemes(page, (theme) => shot(`container-${theme}`));

  // What is there is not replaced unseen.
  expect(/status of 409/);
  await page.getByLabel("Upload files").setInputFiles([{ name: "raw.bin", mimeType: "", buffer: Buffer.from("x") }]);
  await page.getByText("There is a blob of this name already.").waitFor();

  // A folder is what names have in common.
  await page.goto("/storage-accounts/fournil/containers/scenes?folder=take%203%2F");
  await page.getByLabel("Upload files").setInputFiles([{ name: "a#1.txt", mimeType: "text/plain", buffer: Buffer.from("one") }]);
  await link(page, "a#1.txt").waitFor();
  await page.locator(".folder-path").getByRole("link", { name: "scenes" }).click();
  await link(page, "take 3/").click();
  await link(page, "a#1.txt").click();
  await arrive(page, "take 3/a#1.txt");
  await page.getByText("one", { exact: true }).waitFor();

  // Looked at, and never run.
  const look = async (name) => {
    await page.goto(`/storage-accounts/fournil/containers/scenes/blobs/${encodeURIComponent(name)}`);
    await arrive(page, name);
  };
  await look("settings.json");
  await page.getByText('"b": 1.50,').waitFor();
  await accessibleInBothThemes(page, (theme) => shot(`json-${theme}`));
  await look("evil page.html");
  await page.getByText("<script>document.title='run'</script>").waitFor();
  assert.notEqual(await page.title(), "run");
  await look("drawing.svg");
  await page.getByText(/<svg xmlns/).waitFor();
  await look("dot.png");
  const picture = page.getByRole("img", { name: "Picture: dot.png" });
  await until("the picture is drawn", () => picture.evaluate((image) => image.complete && image.naturalWidth === 1));
  await look("raw.bin");
  await page.getByText("00 01 02 ff 00 07").waitFor();

  // Whole again when it comes back.
  const download = page.waitForEvent("download");
  await look("large.log");
  await page.getByRole("main").getByRole("link", { name: "Download" }).first().click();
  const { readFileSync } = await import("node:fs");
  assert.ok(readFileSync(await (await download).path()).equals(LARGE), "the large file came back changed");

  // A signed URL opens it for anybody, and only to read.
  await button(page, "Copy SAS URL").click();
  const dialog = page.getByRole("dialog", { name: "Copy SAS URL" });
  await dialog.getByLabel("It expires in").selectOption("1 hour");
  await dialog.getByRole("button", { name: "Make URL" }).click();
  const url = await dialog.locator(".secret__text").innerText();
  await accessibleInBothThemes(page, (theme) => shot(`share-${theme}`));
  assert.equal((await fetch(url)).status, 200);
  assert.equal((await fetch(url, { method: "DELETE" })).status, 403);
  await page.keyboard.press("Escape");

  // A reader of the installation reads no blobs.
  const other = await open({ expected: [/status of 403/] });
  await other.page.goto("/storage-accounts/fournil/containers/scenes");
  await signIn(other.page, { name: "rita", password: "correct horse battery staple" });
  await other.page.getByText("InsufficientAccountPermissions").first().waitFor();

  // Gone again: a blob after a question, the container when its name is typed.
  await page.goto("/storage-accounts/fournil/containers/scenes");
  await button(page, "Delete raw.bin").click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await row(page, "raw.bin").waitFor({ state: "hidden" });
  await page.goto("/storage-accounts/fournil");
  await button(page, "Delete scenes").click();
  const question = page.getByRole("dialog", { name: "Delete container scenes?" });
  await question.getByRole("textbox").fill("scenes");
  await question.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("No containers yet").waitFor();
});
