// A program of its own: Node.js reads NODE_EXTRA_CA_CERTS when it starts. Prints the ids of the account's pools.

import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";

const [name, key, url] = process.argv.slice(2);
const client = new BatchServiceClient(new BatchSharedKeyCredentials(name, key), url, { noRetryPolicy: true });
for (const pool of await client.pool.list()) console.log(pool.id);
