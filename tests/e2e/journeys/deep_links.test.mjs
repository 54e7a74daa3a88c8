// Every page, tab and filter has a URL that opens it elsewhere, after signing in if need be.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { arrive, button, heading, link, row, signIn, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

journey("deep links", async ({ page, server, open, shot }) => {
  const user = createUser(server, "ada");
  const node = await fill(server);
  const at = "/accounts/bakery";
  const text = (page, text) => page.getByText(text).first();
  /** A URL, the page's title, and something that only this page, tab or filter shows. */
  const pages = [
    ["/", "Home", (page) => row(page, "bakery")],
    ["/settings", "Settings", (page) => text(page, "These choices are kept in this browser.")],
    ["/accounts", "Accounts", (page) => row(page, "bakery")],
    ["/accounts/new", "Create account", (page) => button(page, "Next")],
    ["/accounts/new?tab=advanced", "Create account", (page) => page.getByRole("checkbox", { name: /Public network access/ })],
    [at, "bakery", (page) => text(page, "Dedicated cores")],
    [`${at}/properties`, "Properties", (page) => text(page, "Resource id")],
    [`${at}/tags`, "Tags", (page) => button(page, "Add tag")],
    [`${at}/keys?tab=curl`, "Keys", (page) => text(page, "# bash, openssl and curl")],
    [`${at}/pools`, "Pools", (page) => row(page, "ovens")],
    [`${at}/pools?q=none`, "Pools", (page) => text(page, "Nothing matches the filters.")],
    [`${at}/pools/new?tab=nodes`, "Add pool", (page) => page.getByRole("textbox", { name: "Dedicated nodes" })],
    [`${at}/pools/ovens`, "ovens", (page) => text(page, "Allocation")],
    [`${at}/pools/ovens?panel=resize`, "ovens", (page) => page.getByRole("dialog", { name: "Resize pool ovens" })],
    [`${at}/pools/ovens/nodes`, "ovens", (page) => row(page, node)],
    [`${at}/pools/ovens/nodes?state=offline`, "ovens", (page) => text(page, "Nothing matches the filters.")],
    [`${at}/pools/ovens/nodes?view=map`, "ovens", (page) => page.getByRole("application", { name: "Heat map of 1 node" })],
    [`${at}/pools/ovens/properties`, "ovens", (page) => text(page, '"vmSize"')],
    [`${at}/pools/ovens/nodes/${node}`, node, (page) => text(page, "Recent tasks")],
    [`${at}/jobs`, "Jobs", (page) => row(page, "bread")],
    [`${at}/jobs/new?pool=ovens`, "Add job", (page) => page.getByRole("combobox", { name: "Pool", exact: true })],
    [`${at}/jobs/bread`, "bread", (page) => page.getByRole("progressbar", { name: "Progress" })],
    [`${at}/jobs/bread/tasks`, "bread", (page) => row(page, "rye")],
    [`${at}/jobs/bread/properties`, "bread", (page) => text(page, '"poolInfo"')],
    [`${at}/jobs/bread/tasks/new?clone=rye`, "Add tasks", (page) => button(page, "Add tasks")],
    [`${at}/jobs/bread/tasks/rye`, "rye", (page) => text(page, "Command line")],
    [`${at}/jobs/bread/tasks/rye?tab=stdout#L30`, "rye", (page) => page.getByText("crumb 30", { exact: true })],
    [`${at}/jobs/bread/tasks/rye?tab=stderr`, "rye", (page) => page.getByRole("log", { name: "stderr.txt" })],
    [`${at}/jobs/bread/tasks/rye?tab=files`, "rye", (page) => link(page, "stdout.txt")],
    [`${at}/jobs/bread/tasks/rye?tab=properties`, "rye", (page) => text(page, '"commandLine"')],
    [`${at}/jobs/bread/tasks/rye/files/stdout.txt#L2`, "stdout.txt", (page) => page.getByText("crumb 2", { exact: true })],
    [`${at}/jobs/bread/tasks/rye/files/wd/a%20b%23%25.txt`, "wd/a b#%.txt", (page) => page.getByText("odd name", { exact: true })],
  ];

  await page.goto("/");
  await signIn(page, user);
  for (const [url, title, sign] of pages) {
    await page.goto(url);
    await arrive(page, title);
    await sign(page).waitFor();
    assert.equal(address(page), url, "the URL stays as it was given");
    assert.ok((await page.title()).startsWith(`${title} · `), `${url} is called ${await page.title()}`);
  }

  // After signing in one is where one wanted to go, with query and hash.
  for (const url of [`${at}/jobs/bread/tasks?failed=1&sort=-id`, `${at}/jobs/bread/tasks/rye?tab=stdout#L30`, "/nowhere?x=1"]) {
    const { page: stranger } = await open();
    await stranger.goto(url);
    await heading(stranger, "Sign in").waitFor();
    await signIn(stranger, user);
    await until(`back at ${url}`, () => address(stranger) === url);
    await stranger.context().close();
  }

  // Filters, sorting and columns are copied with the URL.
  await page.goto(`${at}/jobs/bread/tasks`);
  await row(page, "rye").waitFor();
  await button(page, "Failed").click();
  await page.getByRole("searchbox", { name: "Begins with…" }).fill("b");
  await button(page, "Task id").click();
  await button(page, "Task id").click();
  await button(page, "Columns").click();
  await page.getByRole("checkbox", { name: "Retries" }).check();
  await page.keyboard.press("Escape");
  await until("only failed tasks that begin with b", async () => (await rows(page)).length === 3);
  await until("the URL has the columns", () => address(page).includes("cols="));
  const shown = await rows(page);
  assert.deepEqual(shown.map((line) => line.split("\t")[0]), ["burnt-3", "burnt-2", "burnt-1"]);
  const { page: colleague } = await open();
  await colleague.goto(page.url());
  await signIn(colleague, user);
  await until("the colleague sees the same rows", async () => JSON.stringify(await rows(colleague)) === JSON.stringify(shown));
  assert.deepEqual(await columns(colleague), await columns(page));

  // «Back» undoes a tab, and a filter stays when one comes back to the list.
  await link(page, "burnt-2").click();
  await arrive(page, "burnt-2");
  await link(page, "stderr").click();
  await page.goBack();
  await page.goBack();
  await until("the filtered rows again", async () => JSON.stringify(await rows(page)) === JSON.stringify(shown));

  // What is not there is said inside the portal; the menu stays.
  for (const url of ["/nowhere", `${at}/nowhere`]) {
    await page.goto(url);
    await arrive(page, "Not found");
    await page.getByRole("navigation", { name: "Menu" }).getByRole("link").first().waitFor();
  }
  await shot("not-found", page);
});

const address = (page) => {
  const { pathname, search, hash } = new URL(page.url());
  return pathname + search + hash;
};

const columns = (page) => page.getByRole("columnheader").allInnerTexts();

/** The cells of each row but for times, which move on. */
async function rows(page) {
  const lines = await page.getByRole("row").filter({ has: page.getByRole("rowheader") }).all();
  return Promise.all(lines.map(async (line) => {
    const cells = await line.locator("th, td").filter({ hasNot: page.getByRole("time") }).allInnerTexts();
    return cells.map((cell) => cell.trim()).filter((cell) => cell).join("\t");
  }));
}

/** A pool of one node, a job, and tasks that went well and badly; returns the node's id. */
async function fill(server) {
  const batch = new BatchClient(createAccount(server, "bakery"));
  await batch.poolCreate("ovens", 1, { taskSlotsPerNode: 4 });
  await batch.jobCreate("bread", "ovens");
  await batch.taskCreate("bread", "rye", `/bin/sh -c 'seq -f "crumb %g" 1 40; echo careful >&2; echo odd name > "a b#%.txt"'`);
  for (const id of ["burnt-1", "burnt-2", "burnt-3", "charred"]) await batch.taskCreate("bread", id, "/bin/false");
  const [{ id: node }] = await batch.nodes("ovens", 1);
  for (const id of ["rye", "burnt-1", "burnt-2", "burnt-3", "charred"]) await batch.task("bread", id, "completed");
  return node;
}
