// What all journeys do in the portal: sign in, find things by role and name, wait for what is seen.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { assertAccessible } from "./axe.mjs";

export const LANGUAGES = ["en", "fr"];

/** The portal's messages in a language: `words("fr").SIGN_IN`. */
export function words(language) {
  const folder = new URL(`../../../locales/${language}/`, import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Object.assign({}, ...files.map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"))));
}

/** Options of `open` for the browser of someone who speaks this language. */
export const speaking = (language) => ({ locale: language === "fr" ? "fr-FR" : "en-GB" });

/** Signs in on the page that is shown, or on the sign-in page. */
export async function signIn(page, { name, password }, language = "en") {
  const say = words(language);
  if (page.url() === "about:blank") await page.goto("/sign-in");
  await textbox(page, say.USER_NAME).fill(name);
  await page.getByLabel(say.PASSWORD).fill(password);
  await page.getByRole("button", { name: say.SIGN_IN }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

export const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true });
export const textbox = (page, name) => page.getByRole("textbox", { name, exact: true });
export const button = (page, name) => page.getByRole("button", { name, exact: true });
export const link = (page, name) => page.getByRole("link", { name, exact: true });
export const row = (page, name) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });

/** A command of the page's command bar. */
export const command = (page, name) => page.getByRole("group", { name: "Commands", exact: true }).getByRole("button", { name, exact: true });

/** What stands behind a label in the page's essentials. */
export const fact = (page, label) => page.locator("dl > div", { has: page.getByRole("term").filter({ hasText: new RegExp(`^${label}$`) }) }).getByRole("definition");

/** The page's title is there, and with it the keyboard after a navigation inside the portal. */
export async function arrive(page, title) {
  await heading(page, title).waitFor();
}

/** Waits until something is so; says what it waited for when it never is. */
export async function until(what, look, timeout = 20_000) {
  let last;
  for (const end = Date.now() + timeout; ; ) {
    try {
      if (await look()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) assert.fail(`waited ${timeout} ms for: ${what}${last ? `\n${last}` : ""}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until the page is drawn and nothing of it is still being loaded. */
export async function settled(page) {
  await page.locator("main h1").waitFor();
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await until("nothing is being loaded", async () => (await page.locator(".skeleton, [aria-busy=true]").count()) === 0);
}

/** No accessibility violation in the light and in the dark theme; `shot` is called in each. */
export async function accessibleInBothThemes(page, shot = async () => {}) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await assertAccessible(page, { coloursOnly: colorScheme === "dark" });
    await shot(colorScheme);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** Goes to another page as a link inside the portal does: what the browser has loaded stays. */
export async function go(page, path) {
  await page.evaluate((path) => {
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate", { state: null }));
  }, path);
  await settled(page);
}

/** The page does not scroll sideways. */
export async function assertFits(page, what) {
  const { scroll, client } = await page.evaluate(() => {
    const { scrollWidth: scroll, clientWidth: client } = document.documentElement;
    return { scroll, client };
  });
  assert.ok(scroll <= client, `${what}: the page is ${scroll} px wide in a window of ${client} px`);
}
