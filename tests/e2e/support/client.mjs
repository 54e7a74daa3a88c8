// Another client of the same account: Batch's REST API, signed with the account's key.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

const API_VERSION = "2024-07-01.20.0";
const JSON_TYPE = "application/json; odata=minimalmetadata";

/** Signs and sends requests; `account` is what `createAccount` gives, with another `key` where the primary one is not meant. */
export class BatchClient {
  constructor(account, { key = account.primary } = {}) {
    Object.assign(this, { account, key });
  }

  /** Sends one request and returns the response as it is. */
  send(method, path, { query = {}, body } = {}) {
    const all = { "api-version": API_VERSION, ...query };
    const text = body === undefined ? "" : JSON.stringify(body);
    const date = new Date().toUTCString();
    const headers = { "ocp-date": date, authorization: `SharedKey ${this.account.name}:${this.#signature(method, path, all, text, date)}` };
    if (text) headers["content-type"] = JSON_TYPE;
    return fetch(`${this.account.url}${path}?${new URLSearchParams(all)}`, { method, headers, body: text || undefined });
  }

  /** Sends one request, which must succeed; returns the JSON of the answer, if there is any. */
  async call(method, path, options) {
    const response = await this.send(method, path, options);
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path} was answered by ${response.status}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  poolCreate(id, nodes, more = {}) {
    return this.call("POST", "/pools", { body: { id, vmSize: "standard_d1_v2", targetDedicatedNodes: nodes, ...IMAGE, ...more } });
  }

  jobCreate(id, poolId, more = {}) {
    return this.call("POST", "/jobs", { body: { id, poolInfo: { poolId }, ...more } });
  }

  taskCreate(job, id, commandLine, more = {}) {
    return this.call("POST", `/jobs/${job}/tasks`, { body: { id, commandLine, ...more } });
  }

  /** Waits until the nodes of a pool are in one of the states. */
  nodes(pool, n, states = ["idle", "running"]) {
    return this.wait(`${n} nodes of ${pool}`, async () => {
      const { value } = await this.call("GET", `/pools/${pool}/nodes`);
      return value.filter((node) => states.includes(node.state)).length === n && value;
    });
  }

  /** Waits until a task is in a state. */
  task(job, id, state) {
    return this.wait(`task ${id} ${state}`, async () => {
      const task = await this.call("GET", `/jobs/${job}/tasks/${id}`);
      return task.state === state && task;
    });
  }

  async wait(what, look, timeout = 60_000) {
    for (const end = Date.now() + timeout; ; ) {
      const found = await look();
      if (found) return found;
      assert.ok(Date.now() < end, `waited ${timeout} ms for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #signature(method, path, query, body, date) {
    const length = body ? String(Buffer.byteLength(body)) : "";
    const type = body ? JSON_TYPE : "";
    // Verb; encoding, language, length, MD5, type, date; four conditions, range; then the headers and the resource.
    const lines = [method, "", "", length, "", type, "", "", "", "", "", "", `ocp-date:${date}`];
    const parameters = Object.keys(query).sort().map((name) => `${name.toLowerCase()}:${query[name]}`);
    const text = [...lines, `/${this.account.name}${path}`, ...parameters].join("\n");
    return createHmac("sha256", Buffer.from(this.key, "base64")).update(text).digest("base64");
  }
}

const IMAGE = {
  virtualMachineConfiguration: {
    imageReference: { publisher: "canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts" },
    nodeAgentSKUId: "batch.node.ubuntu 22.04",
  },
};
