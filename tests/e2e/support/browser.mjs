// Chromium, with a fresh profile for each page, that notices what went wrong on a page without anyone looking.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of NAMES) if (existsSync(join(folder, name))) return join(folder, name);
  }
  throw new Error("no Chromium on PATH; install it or name it by CHROMIUM");
}

// Who is signed in is asked before anyone is.
const ASKED_BEFORE_SIGN_IN = /status of 401 .*\/portal\/fn\/session_get/;

/** Starts Chromium. The caller closes it. */
export function openBrowser() {
  return chromium.launch({ executablePath: executable(), headless: true, args: FLAGS, timeout: 90_000 });
}

/**
 * Opens a page with a profile of its own.
 *
 * `problems` fills with console errors, uncaught exceptions and violations of the content security policy, but for those that
 * match a pattern of `expected`: a journey that meets a refusal says so there, because Chromium logs each response of 400 and up.
 */
export async function openPage(browser, url, { expected = [], ...options } = {}) {
  const context = await browser.newContext({
    baseURL: url,
    locale: "en-GB",
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
    ...options,
  });
  const problems = [];
  const note = (text) => {
    if (![ASKED_BEFORE_SIGN_IN, ...expected].some((pattern) => pattern.test(text))) problems.push(text);
  };
  await context.exposeFunction("__noteProblem", note);
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.__noteProblem(`content security policy: ${event.violatedDirective} refused ${event.blockedURI}`);
    });
  });
  const watch = (page) => {
    page.on("console", (message) => {
      if (message.type() === "error") note(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => note(`uncaught: ${error.stack ?? error}`));
    page.on("crash", () => note("the page crashed"));
  };
  context.on("page", watch);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return { page, context, problems, expect: (pattern) => expected.push(pattern) };
}
