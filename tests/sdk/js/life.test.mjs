import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";
import { text, until, useAccount } from "./account.mjs";

const it = useAccount();

const completed = async (task) => {
  const found = await it.client.task.get("job", task);
  return found.state === "completed" && found;
};

test("a pool, a job and tasks live and end", async () => {
  const { client } = it;
  await client.pool.add({
    id: "pool",
    vmSize: "standard_d2s_v3",
    virtualMachineConfiguration: {
      imageReference: { publisher: "canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts" },
      nodeAgentSKUId: "batch.node.ubuntu 22.04",
    },
    targetDedicatedNodes: 1,
    taskSlotsPerNode: 8,
  });
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" } });
  await client.task.add("job", { id: "one", commandLine: "/bin/sh -c 'echo hello from $AZ_BATCH_TASK_ID'" });
  const done = await until("the task completes", () => completed("one"));
  assert.equal(done.executionInfo.exitCode, 0);

  assert.equal(await text(await client.file.getFromTask("job", "one", "stdout.txt")), "hello from one\n");
  const part = await client.file.getFromTask("job", "one", "stdout.txt", { fileGetFromTaskOptions: { ocpRange: "bytes=6-9" } });
  assert.equal(await text(part), "from");
  const properties = await client.file.getPropertiesFromTask("job", "one", "stdout.txt");
  assert.equal(Number(properties.contentLength), 15);

  const tasks = Array.from({ length: 100 }, (_, n) => ({ id: `t${String(n).padStart(3, "0")}`, commandLine: "/bin/true" }));
  const added = await client.task.addCollection("job", tasks);
  assert.deepEqual(new Set(added.value.map((result) => result.status)), new Set(["success"]));
  await until("all complete", async () => (await client.job.getTaskCounts("job")).taskCounts.completed === 101);
  let page = await client.task.list("job", { taskListOptions: { maxResults: 30, select: "id" } });
  const ids = page.map((task) => task.id);
  while (page.odatanextLink) {
    page = await client.task.listNext(page.odatanextLink);
    ids.push(...page.map((task) => task.id));
  }
  assert.deepEqual(ids, ["one", ...tasks.map((task) => task.id)]);

  await client.job.disable("job", "requeue");
  await until("it is disabled", async () => (await client.job.get("job")).state === "disabled");
  await client.job.enable("job");
  await client.job.terminate("job", { terminateReason: "enough" });
  const ended = await until("it is completed", async () => {
    const job = await client.job.get("job");
    return job.state === "completed" && job;
  });
  assert.equal(ended.executionInfo.terminateReason, "enough");
  await client.pool.resize("pool", { targetDedicatedNodes: 0 });
  await until("it is empty", async () => (await client.pool.get("pool")).currentDedicatedNodes === 0);
  await client.job.deleteMethod("job");
  await client.pool.deleteMethod("pool");
  await until("it is gone", async () => !(await client.pool.exists("pool")).body);
});

test("errors carry Batch's codes", async () => {
  await assert.rejects(it.client.job.get("none"), (error) => error.statusCode === 404 && error.body.code === "JobNotFound");
  const wrong = new BatchServiceClient(new BatchSharedKeyCredentials(it.account.name, "d3Jvbmc="), it.account.url);
  await assert.rejects(wrong.pool.list(), (error) => error.statusCode === 403 && error.body.code === "AuthenticationFailed");
});
