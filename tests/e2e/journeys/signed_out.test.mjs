// Whoever has not signed in learns nothing: no version, no names, not even which pages there are.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, heading, signIn, textbox } from "../support/portal.mjs";
import { binary, createAccount, createUser } from "../support/server.mjs";

const NAMES = ["bakery", "grace"];
const PAGES = ["/", "/settings", "/accounts", "/accounts/new", "/accounts/bakery", "/accounts/bakery/keys", "/accounts/bakery/pools/p?panel=resize", "/accounts/bakery/jobs/j/tasks/t/files/stdout.txt#L3", "/nowhere"];
const FUNCTIONS = ["account_list", "account_get", "key_info", "key_list", "pool_list", "pool_get", "node_list", "job_list", "job_get", "task_list", "task_get", "location_list"];

journey("signed out", async ({ page, server, expect, shot }) => {
  const user = createUser(server, "grace");
  createAccount(server, "bakery");
  expect(/status of 403 .*\/portal\/fn\/sign_in/);
  const version = spawnSync(binary(), ["--version"], { encoding: "utf8" }).stdout.trim().split(" ").pop();
  assert.match(version, /^\d+\.\d+/);
  const tells = (text) => [...NAMES, version].filter((name) => text.includes(name));

  // The files that anyone can load, and what the server answers to strangers.
  const index = await fetch(server.url);
  const html = await index.text();
  assert.deepEqual(tells(html), []);
  assert.deepEqual(tells([...index.headers].join("\n")), []);
  for (const name of FUNCTIONS) {
    const response = await fetch(`${server.url}/portal/fn/${name}`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    const text = await response.text();
    assert.ok(response.status >= 400 && response.status < 500, `${name} is answered by ${response.status}`);
    assert.deepEqual(tells(text), [], `${name} tells: ${text}`);
  }
  const events = await fetch(`${server.url}/portal/events`);
  assert.equal(events.status, 401);
  await events.body?.cancel();

  // Every page leads to the sign-in page, and shows nothing before.
  for (const path of PAGES) {
    await page.goto(path);
    await heading(page, "Sign in").waitFor();
    const { pathname, searchParams } = new URL(page.url());
    assert.equal(pathname, "/sign-in");
    assert.equal(searchParams.get("return") ?? "/", path);
    const seen = await page.locator("body").innerText();
    assert.deepEqual(tells(seen), [], `${path} shows: ${seen}`);
    assert.equal(await page.getByRole("navigation").count(), 0, `${path} shows a menu`);
  }
  await accessibleInBothThemes(page);
  await shot("sign-in");

  // The same answer whether it is the name or the password that is wrong.
  const answers = [];
  for (const [name, password] of [["grace", "not the password"], ["nobody", "not the password"]]) {
    await textbox(page, "User name").fill(name);
    await page.getByLabel("Password").fill(password);
    await button(page, "Sign in").click();
    await page.getByRole("alert").getByText("The name or the password is wrong.").waitFor();
    answers.push((await page.getByRole("alert").innerText()).replace(/[0-9a-f-]{20,}/g, "<id>"));
  }
  assert.equal(answers[0], answers[1]);
  await accessibleInBothThemes(page);
  await shot("refused");

  // After signing out the page is empty of what it showed, and «back» does not bring it back.
  await page.goto("/accounts/bakery");
  await signIn(page, user);
  await arrive(page, "bakery");
  await button(page, "User and preferences").click();
  await button(page, "Sign out").click();
  await heading(page, "Sign in").waitFor();
  await page.goBack();
  await heading(page, "Sign in").waitFor();
  assert.deepEqual(tells(await page.locator("body").innerText()), []);
});
