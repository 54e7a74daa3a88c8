// A journey: one story of a user, from a new server to the end, in one file of `journeys/`.

import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertAccessible } from "./axe.mjs";
import { openBrowser, openPage } from "./browser.mjs";
import { startServer } from "./server.mjs";

const OUT = fileURLToPath(new URL("../out/", import.meta.url));

/**
 * Runs `story` as a test with a new server and a new browser page.
 *
 * The story gets `{ t, server, page, expect, open, shot, axe }`: `expect(pattern)` announces a console error that is part
 * of the story, `open(options)` gives a further page with a profile of its own, `shot(name)` takes a screenshot into
 * `out/`, `axe(options)` asserts that the page is accessible. The test fails on any problem that a page noticed; then the
 * server's log and a last screenshot are in `out/`.
 */
export function journey(name, story, { server: serverOptions = {}, page: pageOptions = {} } = {}) {
  test(name, { timeout: 600_000 }, async (t) => {
    mkdirSync(OUT, { recursive: true });
    const file = (suffix) => OUT + name.toLowerCase().replace(/[^a-z0-9]+/g, "-") + suffix;
    const server = await startServer(serverOptions);
    const opened = [];
    let browser;
    try {
      browser = await openBrowser();
      const open = async (options = {}) => {
        const one = await openPage(browser, server.url, { ...pageOptions, ...options, expected: [...(options.expected ?? pageOptions.expected ?? [])] });
        opened.push(one);
        return one;
      };
      const { page, expect } = await open();
      const shot = (label, of = page) => of.screenshot({ path: file(`-${label}.png`) });
      await story({ t, server, page, expect, open, shot, axe: (options) => assertAccessible(options?.page ?? page, options) });
      const problems = opened.flatMap((one) => one.problems);
      if (problems.length > 0) throw new Error(`the pages noticed problems:\n${problems.join("\n")}`);
    } catch (error) {
      await opened[0]?.page.screenshot({ path: file("-failed.png") }).catch(() => {});
      const noticed = opened.flatMap((one) => one.problems).join("\n");
      console.error(`${noticed}\n--- end of the server's log ---\n${server.logs().split("\n").slice(-30).join("\n")}`);
      throw error;
    } finally {
      writeFileSync(file("-server.log"), server.logs());
      await browser?.close();
      await server.stop();
    }
  });
}
