// A server and a new Batch account for the tests of one file.

import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createAccount, startServer } from "../../e2e/support/server.mjs";

/** Call it at the top of a test file; the result's `client` and `account` are there while its tests run. */
export function useAccount(name = "sdkjs") {
  const held = {};
  before(async () => {
    held.server = await startServer();
    held.account = createAccount(held.server, name);
    held.client = new BatchServiceClient(new BatchSharedKeyCredentials(held.account.name, held.account.primary), held.account.url);
  });
  after(() => held.server?.stop());
  return held;
}

/** What the condition gives, as soon as it gives anything true. */
export async function until(what, condition) {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    const found = await condition();
    if (found) return found;
  }
  throw new Error(`in vain: ${what}`);
}

/** The content of a file that was asked for. */
export async function text(response) {
  if (response.blobBody) return (await response.blobBody).text();
  const parts = [];
  for await (const part of response.readableStreamBody) parts.push(part);
  return Buffer.concat(parts).toString();
}
