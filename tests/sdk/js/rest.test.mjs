import assert from "node:assert/strict";
import { test } from "node:test";
import { until, useAccount } from "./account.mjs";
import { createClient, entries } from "./rest_client.mjs";

const it = useAccount();
const JSON_BODY = { contentType: "application/json; odata=minimalmetadata" };
let client;
const at = (path) => (client ??= createClient(it.account)).pathUnchecked(path);

/** The answer, when it has the status. */
async function is(status, answer) {
  const { status: found, body, headers } = await answer;
  assert.equal(found, status, JSON.stringify(body));
  return { body, headers };
}

const post = (status, path, body) => is(status, at(path).post({ ...JSON_BODY, body }));
const get = async (path, options) => (await is("200", at(path).get(options))).body;

test("a pool, a job and tasks live and end", async () => {
  const imageReference = { publisher: "canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts" };
  const virtualMachineConfiguration = { imageReference, nodeAgentSKUId: "batch.node.ubuntu 22.04" };
  await post("201", "/pools", { id: "pool", vmSize: "local_1", targetDedicatedNodes: 1, virtualMachineConfiguration });
  await post("201", "/jobs", { id: "job", poolInfo: { poolId: "pool" } });
  await post("201", "/jobs/job/tasks", { id: "one", commandLine: "/bin/echo hello rest" });
  await until("the task completes", async () => (await get("/jobs/job/tasks/one")).state === "completed");

  const file = "/jobs/job/tasks/one/files/stdout.txt";
  assert.equal(await get(file), "hello rest\n");
  const part = await at(file).get({ headers: { "ocp-range": "bytes=6-9" } }).asNodeStream();
  assert.equal(part.status, "200");
  assert.equal(Buffer.concat(await part.body.toArray()).toString(), "rest");
  const { headers } = await is("200", at(file).head());
  assert.deepEqual([headers["content-length"], headers["ocp-batch-file-isdirectory"]], ["11", "false"]);
  const { headers: folder } = await is("200", at("/jobs/job/tasks/one/files/wd").head());
  assert.equal(folder["ocp-batch-file-isdirectory"], "true");

  await post("202", "/jobs/job/disable", { disableTasks: "requeue" });
  await until("it is disabled", async () => (await get("/jobs/job")).state === "disabled");
  await post("202", "/jobs/job/enable");
  await post("202", "/jobs/job/terminate");
  await until("it is completed", async () => (await get("/jobs/job")).state === "completed");
  // The package adds the empty list of certificates to each such request.
  const properties = { applicationPackageReferences: [], certificateReferences: [], metadata: [] };
  await post("204", "/pools/pool/updateproperties", properties);
  await is("202", at("/jobs/job").delete());
  await is("202", at("/pools/pool").delete());
  await until("the pool is gone", async () => (await at("/pools/pool").head()).status === "404");
});

test("filtered lists go over pages", async () => {
  await post("201", "/jobs", { id: "pages", poolInfo: { poolId: "none-yet" } });
  const ids = Array.from({ length: 50 }, (_, n) => `${n % 2}${String(n).padStart(2, "0")}`);
  const tasks = ids.map((id) => ({ id, commandLine: "/bin/true" }));
  await post("200", "/jobs/pages/addtaskcollection", { value: tasks });
  const queryParameters = { $filter: "startswith(id,'1') and state eq 'active'", $select: "id", maxresults: 7 };
  const found = [];
  for await (const task of entries(client, await at("/jobs/pages/tasks").get({ queryParameters }))) {
    assert.deepEqual(Object.keys(task), ["id"]);
    found.push(task.id);
  }
  assert.deepEqual(found, ids.filter((id) => id.startsWith("1")).sort());
});

test("errors and conditions come as statuses with Batch's codes", async () => {
  const { body } = await is("404", at("/jobs/none").get());
  assert.equal(body.code, "JobNotFound");
  await post("201", "/jobs", { id: "changes", poolInfo: { poolId: "none-yet" } });
  const { eTag } = await get("/jobs/changes");
  await is("304", at("/jobs/changes").get({ headers: { "if-none-match": eTag } }));
  const change = { ...JSON_BODY, body: { priority: 1 }, headers: { "if-match": eTag } };
  await is("200", at("/jobs/changes").patch(change));
  const { body: late } = await is("412", at("/jobs/changes").patch(change));
  assert.equal(late.code, "ConditionNotMet");
  const stranger = createClient({ ...it.account, primary: "d3Jvbmc=" });
  const { body: refused } = await is("403", stranger.pathUnchecked("/pools").get());
  assert.equal(refused.code, "AuthenticationFailed");
});
