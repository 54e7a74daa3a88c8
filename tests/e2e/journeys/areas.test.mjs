// Pages come in files of their own: when they are needed, before one goes there, and again when the first attempt failed.

import assert from "node:assert/strict";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, heading, link, row, signIn, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

const STORAGE = /split_storage-[0-9a-f]+\.wasm$/;
const POOLS = /split_pools-[0-9a-f]+\.wasm$/;

journey("areas", async ({ t, page, server, expect, shot }) => {
  const user = createUser(server, "ada");
  createAccount(server, "bakery");
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const isAsked = (file) => asked.some((url) => file.test(url));

  // What is needed for the first page, and nothing else.
  await page.goto("/");
  await signIn(page, user);
  await row(page, "bakery").waitFor();
  assert.ok(!isAsked(STORAGE), "the page of storage accounts is loaded before anyone asks for it");

  // A browser that has nothing to do loads what may come next.
  await until("the pages of pools are loaded in advance", () => isAsked(POOLS));

  // The network fails: the page says so, and the rest of it works.
  expect(/ERR_FAILED/);
  await page.route(STORAGE, (route) => route.abort());
  await link(page, "Storage accounts").click();
  const alert = page.getByRole("alert").filter({ hasText: "This page could not be loaded." });
  await alert.waitFor();
  await arrive(page, "Page not loaded");
  assert.equal(new URL(page.url()).pathname, "/storage-accounts");
  await shot("not-loaded");
  await accessibleInBothThemes(page);
  await button(page, "Try again").click();
  await alert.waitFor();
  await link(page, "Home").first().click();
  await arrive(page, "Home");
  await link(page, "Storage accounts").click();
  await alert.waitFor();
  await page.unroute(STORAGE);
  await button(page, "Try again").click();
  await arrive(page, "Storage accounts");
  // As after any navigation, the keyboard is at the title.
  await until("the title has the keyboard", () => heading(page, "Storage accounts").evaluate((title) => title === document.activeElement));

  // Loaded once: gone and back it is there without being asked for.
  const before = asked.length;
  await link(page, "Home").first().click();
  await arrive(page, "Home");
  await link(page, "Storage accounts").click();
  await arrive(page, "Storage accounts");
  assert.ok(!asked.slice(before).some((url) => STORAGE.test(url)), "a file is loaded twice");

  // What an older page asks for after an upgrade is not there, and is not the portal's page instead.
  expect(/status of 404 .*split_pools-0123456789abcdef/);
  const status = await page.evaluate(async () => (await fetch("/split_pools-0123456789abcdef.wasm")).status);
  assert.equal(status, 404);

  const weight = await page.evaluate(() => {
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return entries.filter((entry) => !entry.name.includes("/portal/")).reduce((sum, entry) => sum + entry.encodedBodySize, 0);
  });
  t.diagnostic(`all that was loaded in this journey: ${weight} bytes`);
});
