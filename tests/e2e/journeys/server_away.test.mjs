// The server goes away under an open page and comes back: the page says so, goes on by itself, and loses nothing.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, link, row, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser, startServer } from "../support/server.mjs";

journey("server away", async ({ t, page, server, open, expect, shot }) => {
  const user = createUser(server, "ada");
  const account = createAccount(server, "bakery");
  const batch = new BatchClient(account);
  await batch.jobCreate("bread", "ovens");
  // While it is away the browser says of every request that it failed.
  expect(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED/);

  // The job's pool is yet to come; the form asks whether tasks run in containers there.
  expect(/status of 404 .*pool_get/);
  await page.goto("/accounts/bakery/jobs/bread/tasks/new");
  await signIn(page, user);
  await arrive(page, "Add tasks");
  await textbox(page, "Task id").fill("rye");
  const { page: list, expect: expectThere } = await open();
  expectThere(/ERR_/);
  await list.goto("/accounts/bakery/jobs");
  await signIn(list, user);
  await row(list, "bread").waitFor();
  for (const one of [page, list]) await one.evaluate(() => (window.sameDocument = true));

  await server.stop({ signal: "SIGKILL", keepData: true });
  const stopped = Date.now();
  for (const one of [page, list]) await one.getByText(/^Not connected · updated/).waitFor({ timeout: 30_000 });
  t.diagnostic(`the page says that it is not connected after ${Date.now() - stopped} ms`);
  await accessibleInBothThemes(page);
  await accessibleInBothThemes(list);
  await shot("stale", list);
  await row(list, "bread").waitFor();

  // The form goes on being filled in; sending it says what is wrong and keeps it.
  await textbox(page, "Command line").fill("/bin/echo rye");
  await button(page, "Add 1 task").click();
  await page.getByRole("alert").getByText("The server cannot be reached or is busy.").waitFor();
  await shot("refused");
  await accessibleInBothThemes(page);

  const again = await startServer({ dataDir: server.dataDir, listen: new URL(server.url).host });
  try {
    const back = Date.now();
    await batch.jobCreate("cake", "ovens");
    for (const one of [page, list]) await one.getByText(/^Not connected/).waitFor({ state: "hidden", timeout: 30_000 });
    await row(list, "cake").waitFor({ timeout: 20_000 });
    t.diagnostic(`the pages are fresh ${Date.now() - back} ms after the server is back`);
    for (const one of [page, list]) assert.ok(await one.evaluate(() => window.sameDocument), "a page was loaded again");
    assert.equal(await textbox(page, "Task id").inputValue(), "rye");
    assert.equal(await textbox(page, "Command line").inputValue(), "/bin/echo rye");
    await (await sendButton(page)).click();
    await arrive(page, "bread");
    await row(page, "rye").waitFor();
    await link(page, "rye").click();
    await arrive(page, "rye");
  } finally {
    await page.context().close();
    await list.context().close();
    await again.stop({ keepData: true });
  }
});

/** «Go on» where the first attempt broke off, else the form's own button. */
async function sendButton(page) {
  const goOn = button(page, "Go on");
  return (await goOn.count()) > 0 ? goOn : button(page, "Add 1 task");
}
