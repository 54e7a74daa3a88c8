// A server and a new Batch account for the tests of one file.

import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";
import { after, before } from "node:test";
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
