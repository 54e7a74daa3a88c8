// On a phone, and magnified twice: nothing is wider than the window, and what matters can be done.

import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { LANGUAGES, arrive, assertFits, button, command, go, link, signIn, speaking, words } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

/** A phone, and a window of 1280 × 800 at 200 %. French is the longer language. */
const WINDOWS = [
  ["phone", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true }],
  ["zoom", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
];

journey("narrow", async ({ server, open, shot, axe }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "bakery"));
  await batch.poolCreate("ovens-with-a-rather-long-name-for-a-pool", 1);
  await batch.jobCreate("bread", "ovens-with-a-rather-long-name-for-a-pool");
  await batch.taskCreate("bread", "rye", `/bin/sh -c 'echo ${"a long line ".repeat(40)}; sleep 600'`);
  await batch.task("bread", "rye", "running");
  const at = "/accounts/bakery";
  const pages = [
    "/", "/settings", "/accounts", "/accounts/new", at, `${at}/properties`, `${at}/tags`, `${at}/keys`, `${at}/pools`, `${at}/pools/new?tab=nodes`,
    `${at}/pools/ovens-with-a-rather-long-name-for-a-pool`, `${at}/pools/ovens-with-a-rather-long-name-for-a-pool/nodes`,
    `${at}/pools/ovens-with-a-rather-long-name-for-a-pool/nodes?view=map`, `${at}/jobs`, `${at}/jobs/new`, `${at}/jobs/bread`, `${at}/jobs/bread/tasks`,
    `${at}/jobs/bread/tasks/new`, `${at}/jobs/bread/tasks/rye`, `${at}/jobs/bread/tasks/rye?tab=stdout`, `${at}/nowhere`,
  ];
  for (const [name, options] of WINDOWS) {
    for (const language of LANGUAGES) {
      const { page } = await open({ ...speaking(language), ...options });
      await page.goto("/sign-in");
      await page.getByRole("heading", { level: 1 }).waitFor();
      await assertFits(page, `${name}, ${language}: /sign-in`);
      await signIn(page, user, language);
      for (const path of pages) {
        await go(page, path);
        await assertFits(page, `${name}, ${language}: ${path}`);
        if (language === "fr") await shot(`${name}-${path.replace(/\W+/g, "-")}`, page);
        if (name === "phone" && language === "en") await axe({ page });
      }
      await page.context().close();
    }
  }

  // By phone: look at the output and stop the job.
  const { page } = await open(WINDOWS[0][1]);
  await page.goto(at);
  await signIn(page, user);
  await arrive(page, "bakery");
  await button(page, words("en").NAV_LABEL).click();
  await page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name: "Jobs" }).click();
  await arrive(page, "Jobs");
  await link(page, "bread").click();
  await arrive(page, "bread");
  await command(page, "Terminate").click();
  const dialog = page.getByRole("dialog", { name: "Terminate job bread" });
  await dialog.waitFor();
  await assertFits(page, "the dialog on a phone");
  await shot("phone-dialog", page);
  await dialog.getByRole("button", { name: "Terminate" }).click();
  await page.getByRole("main").locator("header").getByText("Completed", { exact: true }).waitFor();
});
