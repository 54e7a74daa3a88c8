// The installation's storage, filled as a signed-in page would.

import assert from "node:assert/strict";

/** Calls a server function with the page's session. */
export async function call(page, name, body) {
  const answer = await page.request.post(`/portal/fn/${name}`, { data: body, headers: { "content-type": "application/json" } });
  const text = await answer.text();
  assert.ok(answer.ok(), `${name} was answered by ${answer.status()}: ${text}`);
  return JSON.parse(text);
}

/** Makes a container with blobs: name → content. */
export async function fillContainer(page, container, blobs) {
  const storage = "fournil";
  await call(page, "container_create", { storage, container });
  for (const [name, content] of Object.entries(blobs)) {
    const path = name.split("/").map(encodeURIComponent).join("/");
    const url = `/portal/blobs/${storage}/${container}/${path}?block=AAAA`;
    const answer = await page.request.put(url, { data: Buffer.from(content), headers: { "content-type": "application/octet-stream" } });
    assert.equal(answer.status(), 201, await answer.text());
    await call(page, "blob_commit", { storage, container, commit: { name, blocks: ["AAAA"], replace: true } });
  }
}

/** Makes an application with active versions, name → zip file, and one that waits; the account is linked to the storage. */
export async function fillApplication(page, account, application, versions) {
  await call(page, "account_storage_set", { account, storage_account_id: "fournil" });
  await call(page, "application_create", { account, application, create: { displayName: "What tasks say" } });
  for (const [version, content] of Object.entries(versions)) {
    await call(page, "application_package_create", { account, application, version });
    const url = `/portal/packages/${account}/${application}/${version}?block=AAAA`;
    const answer = await page.request.put(url, { data: content, headers: { "content-type": "application/octet-stream" } });
    assert.equal(answer.status(), 201, await answer.text());
    await call(page, "application_package_commit", { account, application, version, blocks: ["AAAA"] });
  }
  await call(page, "application_package_create", { account, application, version: "next" });
}
