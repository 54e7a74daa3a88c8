// A job with a pool of its own: chosen in the form, seen from both sides, and gone with the job.

import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, fact, signIn, textbox, until } from "../support/portal.mjs";
import { BatchClient } from "../support/client.mjs";
import { createAccount, createUser } from "../support/server.mjs";

journey("a pool that is made for a job", async ({ page, server, shot }) => {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await page.goto("/accounts/studio/jobs/new");
  await signIn(page, user);
  await arrive(page, "Add job");
  await textbox(page, "Job id").fill("frames");
  await page.getByLabel("Where it runs").selectOption("A pool that is made for it");
  await textbox(page, "The pool’s id begins with").fill("not a prefix");
  await textbox(page, "The pool’s id begins with").press("Tab");
  await page.getByText("At most 20 letters, digits, hyphens and underscores.", { exact: true }).waitFor();
  await textbox(page, "The pool’s id begins with").fill("frames");
  await accessibleInBothThemes(page);
  await shot("form");
  await button(page, "Review + create").click();
  await accessibleInBothThemes(page);
  await button(page, "Create the job").click();
  await arrive(page, "frames");
  await page.getByText("It was made for its job or job schedule.").waitFor();
  await fact(page, "Pool").getByRole("link").click();
  await fact(page, "Made for the job").getByRole("link", { name: "frames" }).waitFor();
  await accessibleInBothThemes(page);
  await shot("pool");
  await fact(page, "Made for the job").getByRole("link", { name: "frames" }).click();
  await arrive(page, "frames");
  await batch.call("POST", "/jobs/frames/terminate");
  await until("the pool is gone", async () => (await batch.call("GET", "/pools")).value.length === 0, 60_000);
});
