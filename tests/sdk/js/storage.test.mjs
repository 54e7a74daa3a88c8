// Containers and blobs of the built-in storage by @azure/storage-blob.

import {
  BlobSASPermissions,
  BlobServiceClient,
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { startServer } from "../../e2e/support/server.mjs";

const MIB = 1 << 20;
const held = {};

before(async () => {
  held.server = await startServer();
  held.keys = held.server.admin(["storage", "key", "fournil"]);
  held.service = BlobServiceClient.fromConnectionString(held.keys.connectionString);
});
after(() => held.server?.stop());

const all = async (list) => {
  const found = [];
  for await (const one of list) found.push(one);
  return found;
};
const isCode = (code) => (error) => error.code === code;

test("a container lives from creation to deletion", async () => {
  const container = held.service.getContainerClient("life");
  assert.equal((await container.createIfNotExists()).succeeded, true);
  assert.equal((await container.createIfNotExists()).succeeded, false);
  assert.ok((await all(held.service.listContainers({ prefix: "li" }))).some(({ name }) => name === "life"));
  assert.equal(await container.exists(), true);
  await container.delete();
  assert.equal(await container.exists(), false);
  await assert.rejects(container.getProperties(), (error) => error.statusCode === 404);
});

test("a blob goes up with its type and metadata, comes down whole and in part, and is deleted", async () => {
  const { containerClient: container } = await held.service.createContainer("texts");
  const blob = container.getBlockBlobClient("a b/é#?.txt");
  await blob.upload("0123456789", 10, { blobHTTPHeaders: { blobContentType: "text/plain" }, metadata: { kind: "x" } });
  const properties = await blob.getProperties();
  assert.deepEqual([properties.contentType, properties.contentLength, properties.metadata], ["text/plain", 10, { kind: "x" }]);
  assert.equal((await blob.downloadToBuffer(3, 4)).toString(), "3456");
  assert.equal((await blob.downloadToBuffer()).toString(), "0123456789");
  await assert.rejects(blob.upload("x", 1, { conditions: { ifNoneMatch: "*" } }), isCode("BlobAlreadyExists"));
  await blob.delete();
  assert.equal(await blob.exists(), false);
});

test("a large file goes up in blocks", async () => {
  const { containerClient: container } = await held.service.createContainer("large");
  const data = randomBytes(9 * MIB + 5);
  const blob = container.getBlockBlobClient("data.bin");
  await blob.uploadData(data, { blockSize: MIB, maxSingleShotSize: MIB, concurrency: 4 });
  const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
  assert.equal(digest(await blob.downloadToBuffer(0, undefined, { blockSize: 2 * MIB, concurrency: 4 })), digest(data));
  assert.equal((await blob.getBlockList("committed")).committedBlocks.length, 10);
});

test("blobs are listed by page, prefix and folder", async () => {
  const { containerClient: container } = await held.service.createContainer("lists");
  for (const name of ["a/1", "a/2", "b/1", "c"]) await container.uploadBlockBlob(name, name, name.length);
  const names = (await all(container.listBlobsFlat({ prefix: "a/" }))).map(({ name }) => name);
  assert.deepEqual(names, ["a/1", "a/2"]);
  const pages = await all(container.listBlobsFlat().byPage({ maxPageSize: 3 }));
  assert.deepEqual(pages.map(({ segment }) => segment.blobItems.length), [3, 1]);
  const top = await all(container.listBlobsByHierarchy("/"));
  assert.deepEqual(top.map(({ kind, name }) => `${kind} ${name}`).sort(), ["blob c", "prefix a/", "prefix b/"]);
});

test("signed URLs open what they say, and nothing else", async () => {
  const { containerClient: container } = await held.service.createContainer("shared");
  await container.uploadBlockBlob("one", "1", 1);
  const expiresOn = new Date(Date.now() + 3_600_000);
  const reads = await container.getBlobClient("one").generateSasUrl({ permissions: BlobSASPermissions.parse("r"), expiresOn });
  assert.equal(await (await fetch(reads)).text(), "1");
  const put = { method: "PUT", headers: { "x-ms-blob-type": "BlockBlob" }, body: "2" };
  assert.equal((await fetch(reads, put)).status, 403);
  const { accountName } = held.service;
  const credential = new StorageSharedKeyCredential(accountName, held.keys.primary);
  const wish = { containerName: "shared", permissions: ContainerSASPermissions.parse("cwl"), expiresOn };
  const writer = new ContainerClient(`${container.url}?${generateBlobSASQueryParameters(wish, credential)}`);
  await writer.uploadBlockBlob("two", "2", 1);
  assert.deepEqual((await all(writer.listBlobsFlat())).map(({ name }) => name), ["one", "two"]);
  await assert.rejects(writer.getBlobClient("two").downloadToBuffer(), (error) => error.statusCode === 403);
});

test("a blob is copied from a URL", async () => {
  const { containerClient: container } = await held.service.createContainer("copies");
  await container.uploadBlockBlob("from", "copied", 6);
  const to = container.getBlobClient("to");
  const source = await container.getBlobClient("from").generateSasUrl({ permissions: BlobSASPermissions.parse("r"), expiresOn: new Date(Date.now() + 3_600_000) });
  const done = await (await to.beginCopyFromURL(source, { intervalInMs: 50 })).pollUntilDone();
  assert.equal(done.copyStatus, "success");
  assert.equal((await to.downloadToBuffer()).toString(), "copied");
});
