// Files, filters with pages, and conditions: what requests say beside their bodies.

import assert from "node:assert/strict";
import { test } from "node:test";
import { text, until, useAccount } from "./account.mjs";

const it = useAccount();

test("files of nodes are listed, read and deleted", async () => {
  const { client } = it;
  await client.pool.add({ id: "pool", vmSize: "local_1", targetDedicatedNodes: 1 });
  await client.job.add({ id: "files", poolInfo: { poolId: "pool" } });
  await client.task.add("files", { id: "t", commandLine: "/bin/sh -c 'mkdir d; echo one > d/1.txt; echo two > 2.txt'" });
  await until("it completes", async () => (await client.task.get("files", "t")).state === "completed");
  const { nodeId, taskRootDirectory: root } = (await client.task.get("files", "t")).nodeInfo;
  const files = await client.file.listFromComputeNode("pool", nodeId, {
    recursive: true,
    fileListFromComputeNodeOptions: { filter: `startswith(name,'${root}/wd')` },
  });
  assert.deepEqual([...files].map((file) => file.name), [`${root}/wd`, `${root}/wd/2.txt`, `${root}/wd/d`, `${root}/wd/d/1.txt`]);
  const part = { fileGetFromComputeNodeOptions: { ocpRange: "bytes=1-2" } };
  assert.equal(await text(await client.file.getFromComputeNode("pool", nodeId, `${root}/wd/2.txt`, part)), "wo");
  const properties = await client.file.getPropertiesFromComputeNode("pool", nodeId, `${root}/wd/2.txt`);
  assert.equal(Number(properties.contentLength), 4);
  await client.file.deleteFromTask("files", "t", "wd/d", { recursive: true });
  await assert.rejects(client.file.getFromTask("files", "t", "wd/d/1.txt"), (error) => error.statusCode === 404);
});

test("filtered lists go over pages", async () => {
  const { client } = it;
  await client.job.add({ id: "pages", poolInfo: { poolId: "none-yet" } });
  const ids = Array.from({ length: 50 }, (_, n) => `${n % 2}${String(n).padStart(2, "0")}`);
  await client.task.addCollection("pages", ids.map((id) => ({ id, commandLine: "/bin/true" })));
  const options = { filter: "startswith(id,'1') and state eq 'active'", select: "id", maxResults: 7 };
  let page = await client.task.list("pages", { taskListOptions: options });
  const lengths = [page.length];
  const found = page.map((task) => task.id);
  while (page.odatanextLink) {
    page = await client.task.listNext(page.odatanextLink);
    lengths.push(page.length);
    found.push(...page.map((task) => task.id));
  }
  assert.deepEqual(lengths, [7, 7, 7, 4]);
  assert.deepEqual(found, ids.filter((id) => id.startsWith("1")).sort());
  const wrong = { taskListOptions: { filter: "state le 'active' or" } };
  await assert.rejects(client.task.list("pages", wrong), (error) => error.statusCode === 400 && error.body.code === "InvalidQueryParameterValue");
});

test("conditions are kept", async () => {
  const { client } = it;
  await client.job.add({ id: "changes", poolInfo: { poolId: "none-yet" } });
  const old = await client.job.get("changes");
  const same = { jobPatchOptions: { ifMatch: old.eTag } };
  await client.job.patch("changes", { priority: 1 }, same);
  await assert.rejects(client.job.patch("changes", { priority: 2 }, same), (error) => error.statusCode === 412 && error.body.code === "ConditionNotMet");
  const now = await client.job.get("changes");
  await assert.rejects(client.job.get("changes", { jobGetOptions: { ifNoneMatch: now.eTag } }), (error) => error.statusCode === 304);
  const yesterday = new Date(now.lastModified.getTime() - 86_400_000);
  const stale = { jobDeleteMethodOptions: { ifUnmodifiedSince: yesterday } };
  await assert.rejects(client.job.deleteMethod("changes", stale), (error) => error.statusCode === 412);
  await client.job.deleteMethod("changes", { jobDeleteMethodOptions: { ifMatch: now.eTag } });
});
