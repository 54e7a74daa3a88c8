// Microsoft's core for REST clients, `@azure-rest/core-client`, with what `@azure-rest/batch` adds to it: the version, the
// signature and pages. That package itself is not on the registry that these tests install from.

import { createHmac } from "node:crypto";
import { getClient } from "@azure-rest/core-client";

const VERSION = "2024-07-01.20.0";
const SIGNED = ["content-encoding", "content-language", "content-length", "content-md5", "content-type", "date"];
const CONDITIONS = ["if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"];

export function createClient({ name, primary, url }) {
  const client = getClient(url, { allowInsecureConnection: url.startsWith("http:") });
  client.pipeline.removePolicy({ name: "ApiVersionPolicy" });
  client.pipeline.addPolicy(versioned);
  client.pipeline.addPolicy({ name: "SharedKey", sendRequest: (request, next) => next(sign(request, name, primary)) });
  return client;
}

/** Entries of all pages, from the first answer on. */
export async function* entries(client, first) {
  for (let page = first; ; page = await client.pathUnchecked(page.body["odata.nextLink"]).get()) {
    if (page.status !== "200") throw new Error(`${page.status}: ${JSON.stringify(page.body)}`);
    yield* page.body.value;
    if (!page.body["odata.nextLink"]) return;
  }
}

const versioned = {
  name: "ApiVersion",
  sendRequest(request, next) {
    const url = new URL(request.url);
    if (!url.searchParams.has("api-version")) request.url += `${url.search ? "&" : "?"}api-version=${VERSION}`;
    return next(request);
  },
};

function sign(request, account, key) {
  const { headers, method } = request;
  headers.set("ocp-date", new Date().toUTCString());
  const value = (header) => {
    if (header !== "content-length" || headers.has(header)) return headers.get(header) ?? "";
    if (request.body) return String(Buffer.byteLength(request.body));
    return method === "POST" ? "0" : "";
  };
  const own = [...headers].filter(([header]) => header.startsWith("ocp-")).sort();
  const url = new URL(request.url);
  const lines = [
    method,
    ...[...SIGNED, ...CONDITIONS].map(value),
    ...own.map(([header, text]) => `${header}:${text}`),
    `/${account}${url.pathname}`,
    ...[...url.searchParams].sort().map(([parameter, text]) => `${parameter}:${text}`),
  ];
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(lines.join("\n")).digest("base64");
  headers.set("authorization", `SharedKey ${account}:${signature}`);
  return request;
}
