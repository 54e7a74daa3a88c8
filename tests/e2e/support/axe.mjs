// Accessibility: WCAG 2.2 AA and axe's best practices, no violation.

import assert from "node:assert/strict";
import AxeBuilderModule from "@axe-core/playwright";

const AxeBuilder = AxeBuilderModule.default ?? AxeBuilderModule;
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** All that a theme can change. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/**
 * Asserts that axe finds nothing on the page as it is now.
 *
 * `without` names rules to leave out, each with its reason in a comment. `coloursOnly` is for a page that was looked at in
 * another theme.
 */
export async function assertAccessible(page, { without = [], coloursOnly = false } = {}) {
  // A bar that sticks to an edge covers whatever lies below it just now; who wants to press that scrolls on.
  await page.evaluate(() => {
    for (const bar of document.querySelectorAll("*")) if (getComputedStyle(bar).position === "sticky") bar.style.position = "static";
  });
  const axe = new AxeBuilder({ page });
  const { violations } = await (coloursOnly ? axe.withRules(COLOUR_RULES) : axe.withTags(TAGS).disableRules(without)).analyze();
  await page.evaluate(() => {
    for (const bar of document.querySelectorAll("[style*='static']")) bar.style.position = "";
  });
  const lines = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  at ${target.join(" ")}\n  ${failureSummary.replaceAll("\n", "\n  ")}`),
  );
  assert.equal(lines.length, 0, `${page.url()} has ${lines.length} accessibility violations:\n${lines.join("\n")}`);
}
