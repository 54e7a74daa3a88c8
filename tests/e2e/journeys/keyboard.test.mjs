// The same day without a mouse: Tab, Enter, Space, arrow keys and typing.

import assert from "node:assert/strict";
import { journey } from "../support/journey.mjs";
import { button, heading, link, row, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

const MOST_TABS = 80;

journey("keyboard only", async ({ page, server, axe, shot }) => {
  const user = createUser(server, "ada");
  createAccount(server, "bakery");
  const keys = keyboard(page);

  await page.goto("/accounts/bakery");
  await heading(page, "Sign in").waitFor();
  await keys.type(textbox(page, "User name"), user.name);
  await keys.type(page.getByLabel("Password"), user.password);
  await page.keyboard.press("Enter");
  await heading(page, "bakery").waitFor();

  // The first stop of every page leads past the menu.
  await page.reload();
  await heading(page, "bakery").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to content");
  await assertVisible(page, link(page, "Skip to content"));
  await shot("skip-link");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "MAIN");
  assert.ok((await page.evaluate(() => location.pathname)) === "/accounts/bakery", "the skip link stays on the page");
  await axe();

  // A pool.
  await keys.press(link(page, "Add pool"));
  await keys.arrived("Add pool");
  await keys.type(textbox(page, "Pool id"), "ovens");
  await keys.press(button(page, "Next"));
  await keys.to(textbox(page, "Dedicated nodes"));
  await page.keyboard.press("ArrowUp");
  assert.equal(await textbox(page, "Dedicated nodes").inputValue(), "2");
  await keys.press(button(page, "Review + create"));
  await keys.press(button(page, "Create the pool"));
  await keys.arrived("ovens");

  // A job, its pool chosen from the list.
  await keys.press(page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name: "Jobs" }), "Shift+Tab");
  await keys.arrived("Jobs");
  await keys.press(link(page, "Add job").first());
  await keys.arrived("Add job");
  await keys.type(textbox(page, "Job id"), "bread");
  await keys.to(page.getByRole("combobox", { name: "Pool", exact: true }));
  await page.keyboard.press("ArrowDown");
  await page.getByRole("option", { name: /ovens/ }).waitFor();
  await page.keyboard.press("Enter");
  await keys.press(button(page, "Review + create"));
  await keys.press(button(page, "Create the job"));
  await keys.arrived("bread");

  // Three tasks, as a list. Enter in a text of many lines is a new line; the button sends.
  await keys.press(link(page, "Add tasks").first());
  await keys.arrived("Add tasks");
  await keys.to(page.getByRole("radio", { name: /^One task/ }));
  await page.keyboard.press("ArrowDown");
  await keys.type(page.getByRole("textbox", { name: "Command lines" }), "/bin/echo rye\n/bin/sleep 600\n/bin/sleep 601");
  await keys.press(button(page, "Add 3 tasks"));
  await until("the keyboard is at the title of the tasks", () => isAtTitle(page, "bread"));
  await row(page, "task-1").getByText("Succeeded").waitFor({ timeout: 60_000 });

  // What the first one wrote.
  await keys.press(link(page, "task-1"));
  await keys.arrived("task-1");
  await keys.press(link(page, "stdout"));
  await page.getByRole("log", { name: "stdout.txt" }).getByText("rye").waitFor();
  await keys.to(page.getByRole("log", { name: "stdout.txt" }));
  await axe();

  // Stop the job.
  await keys.press(page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link", { name: "bread" }), "Shift+Tab");
  await keys.arrived("bread");
  await keys.press(button(page, "Terminate"));
  const dialog = page.getByRole("dialog", { name: "Terminate job bread" });
  await dialog.waitFor();
  await until("the keyboard is in the dialog", () => dialog.evaluate((e) => e.contains(document.activeElement)));
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await focused(page), "Terminate", "the keyboard is back where the dialog was opened");
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await keys.press(dialog.getByRole("button", { name: "Terminate" }));
  await dialog.waitFor({ state: "hidden" });
  await page.getByRole("main").getByText("Completed", { exact: true }).first().waitFor();

  // Delete the pool by the menu of its row.
  await keys.press(page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name: "Pools" }), "Shift+Tab");
  await keys.arrived("Pools");
  await row(page, "ovens").waitFor();
  await keys.press(button(page, "Commands for ovens"));
  const item = page.getByRole("group", { name: "Commands for ovens" }).getByRole("button", { name: "Delete" });
  await item.waitFor();
  for (let i = 0; i < 9 && !(await isFocused(item)); i++) await page.keyboard.press("ArrowDown");
  await assertVisible(page, item);
  await page.keyboard.press("Enter");
  const question = page.getByRole("dialog", { name: "Delete pool ovens?" });
  await keys.type(question.getByRole("textbox"), "ovens");
  await page.keyboard.press("Enter");
  await page.getByText("No pools yet").waitFor({ timeout: 30_000 });
  await axe();
});

/** What someone does who has only a keyboard; each step fails when the focus cannot be seen or does not get there. */
function keyboard(page) {
  const to = async (target, step = "Tab") => {
    await target.waitFor();
    for (let i = 0; i < MOST_TABS && !(await isFocused(target)); i++) await page.keyboard.press(step);
    assert.ok(await isFocused(target), `${target} is not reached by ${MOST_TABS} × ${step}; the keyboard is at: ${await focused(page)}`);
    await assertVisible(page, target);
  };
  return {
    to,
    type: async (target, text) => {
      await to(target);
      await page.keyboard.type(text);
    },
    press: async (target, step) => {
      await to(target, step);
      await page.keyboard.press("Enter");
    },
    arrived: (title) => until(`the keyboard is at the title «${title}»`, () => isAtTitle(page, title)),
  };
}

const isFocused = (target) => target.evaluate((element) => element === document.activeElement);

/** What a screen reader would say of the focused element, roughly. */
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText);

const isAtTitle = (page, title) =>
  page.evaluate((title) => document.activeElement.tagName === "H1" && document.activeElement.innerText === title, title);

/** The focused element is in view and has an outline or a shadow that it does not have without the focus. */
async function assertVisible(page, target) {
  const found = await target.evaluate((element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
      isMarked: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none",
      isInView: box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
    };
  });
  assert.deepEqual(found, { isMarked: true, isInView: true }, `the focus cannot be seen at ${target}`);
}
