// The life of an account, an application and a pool by @azure/arm-batch, signed in by @azure/identity:
// `manage_accounts.mjs URL SUBSCRIPTION`, with AZURE_CLIENT_ID and AZURE_CLIENT_SECRET. It trusts what NODE_EXTRA_CA_CERTS names,
// which Node.js reads at its start only; so management.test.mjs runs it as a program of its own.

import { BatchManagementClient } from "@azure/arm-batch";
import { ClientSecretCredential } from "@azure/identity";
import assert from "node:assert/strict";

const [url, subscription] = process.argv.slice(2);
const { AZURE_CLIENT_ID: id, AZURE_CLIENT_SECRET: secret } = process.env;
const signIn = (withSecret) =>
  new ClientSecretCredential("fournil", id, withSecret, { authorityHost: url, disableInstanceDiscovery: true });
const connect = (credential) =>
  new BatchManagementClient(credential, subscription, { endpoint: url, credentialScopes: [`${url}/.default`] });
const client = connect(signIn(secret));
// Answers of long operations are asked for at once and not after half a minute.
const quick = { updateIntervalInMs: 50 };

const names = async (list) => {
  const found = [];
  for await (const one of list) found.push(one.name);
  return found;
};

const accounts = client.batchAccountOperations;
const made = await accounts.beginCreateAndWait("lab", "lifejs", { location: "local", tags: { team: "genomics" }, autoStorage: { storageAccountId: "fournil" } }, quick);
assert.deepEqual([made.name, made.provisioningState, made.tags], ["lifejs", "Succeeded", { team: "genomics" }]);
assert.deepEqual(await names(accounts.listByResourceGroup("lab")), ["lifejs"]);
assert.ok((await names(accounts.list())).includes("lifejs"));
assert.equal((await client.location.checkNameAvailability("local", { name: "lifejs", type: "Microsoft.Batch/batchAccounts" })).nameAvailable, false);
assert.ok((await client.location.getQuotas("local")).accountQuota > 0);

const keys = await accounts.getKeys("lab", "lifejs");
const renewed = await accounts.regenerateKey("lab", "lifejs", { keyName: "Primary" });
assert.notEqual(renewed.primary, keys.primary);
assert.equal(renewed.secondary, keys.secondary);

const applications = client.applicationOperations;
await applications.create("lab", "lifejs", "blender", { parameters: { displayName: "Blender", allowUpdates: true } });
assert.equal((await applications.update("lab", "lifejs", "blender", { displayName: "Blender 4" })).displayName, "Blender 4");
assert.deepEqual(await names(applications.list("lab", "lifejs")), ["blender"]);
await applications.delete("lab", "lifejs", "blender");

const pools = client.poolOperations;
const imageReference = { publisher: "canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts", version: "latest" };
const pool = await pools.create("lab", "lifejs", "render", {
  vmSize: "standard_a1_v2",
  deploymentConfiguration: { virtualMachineConfiguration: { imageReference, nodeAgentSkuId: "batch.node.ubuntu 22.04" } },
  scaleSettings: { fixedScale: { targetDedicatedNodes: 0 } },
});
assert.deepEqual([pool.name, pool.vmSize.toLowerCase()], ["render", "standard_a1_v2"]);
assert.deepEqual(await names(pools.listByBatchAccount("lab", "lifejs")), ["render"]);
await pools.beginDeleteAndWait("lab", "lifejs", "render", quick);

await accounts.beginDeleteAndWait("lab", "lifejs", quick);
await assert.rejects(accounts.get("lab", "lifejs"), (error) => error.statusCode === 404 && error.code === "ResourceNotFound");
await assert.rejects(names(connect(signIn("fnl_wrong")).batchAccountOperations.list()), /no personal access token of that user/);
