import assert from "node:assert/strict";
import { test } from "node:test";
import { useAccount } from "./account.mjs";

const it = useAccount();

test("a new account has no pools", async () => {
  assert.deepEqual([...(await it.client.pool.list())], []);
});
