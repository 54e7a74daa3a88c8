// A web hook: made, tried, and told of a job's end, with a signature that its receiver checks.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, command, link, row, signIn, textbox, until } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";

/** Hears what is sent to it. */
async function receiver() {
  const heard = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => {
      heard.push({ headers: request.headers, body });
      response.end();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, heard, stop: () => server.close() };
}

/** As Standard Webhooks describes it. */
function isSigned({ headers, body }, secret) {
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  return headers["webhook-signature"] === `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}

journey(
  "web hooks",
  async ({ page, server, shot }) => {
    const { url, heard, stop } = await receiver();
    try {
      const user = createUser(server, "ada");
      const batch = new BatchClient(createAccount(server, "studio"));
      await page.goto("/accounts/studio/webhooks");
      await signIn(page, user);
      await arrive(page, "Web hooks");
      await accessibleInBothThemes(page);
      await button(page, "Add web hook").click();
      await textbox(page, "Name").fill("chat");
      await textbox(page, "URL").fill("ftp://nowhere");
      await button(page, "Create").click();
      await page.getByText("It begins with http:// or https://").first().waitFor();
      await textbox(page, "URL").fill(url);
      await accessibleInBothThemes(page);
      await shot("add");
      await button(page, "Create").click();
      const secret = (await page.getByRole("status").locator("code").filter({ hasText: "whsec_" }).innerText()).trim();
      await shot("made");
      await row(page, "chat").getByText("Enabled").waitFor();

      await link(page, "chat").click();
      await arrive(page, "chat");
      await command(page, "Send a test event").click();
      await until("the test event", () => heard.length === 1);
      assert.ok(isSigned(heard[0], secret), "the test event is signed");
      assert.equal(JSON.parse(heard[0].body).eventType, "WebHookTestEvent");
      await row(page, "WebHookTestEvent").getByText("Delivered").waitFor();

      await batch.jobCreate("frames", "none");
      await batch.call("POST", "/jobs/frames/terminate", { body: { terminateReason: "enough" } });
      await until("the job's end", () => heard.length === 2);
      assert.ok(isSigned(heard[1], secret), "the job's end is signed");
      const event = JSON.parse(heard[1].body);
      assert.deepEqual([event.account, event.eventType, event.jobId], ["studio", "JobTerminateCompleteEvent", "frames"]);
      await row(page, "JobTerminateCompleteEvent").getByText("Delivered").waitFor();
      await accessibleInBothThemes(page);
      await shot("hook");

      // A job's page leads to a hook of its own.
      await page.goto("/accounts/studio/jobs/frames");
      await page.getByRole("group", { name: "Commands", exact: true }).getByRole("link", { name: "Add web hook", exact: true }).click();
      await until("the job's id is filled in", async () => (await textbox(page, "Only jobs whose id begins with").inputValue()) === "frames");

      // What happened is on the page of events, too.
      await page.goto("/accounts/studio/events?type=JobTerminate");
      await page.getByText("enough").first().waitFor();
      await shot("events");
    } finally {
      stop();
    }
  },
  { server: { args: ["--web-hook-allow", "127.0.0.0/8"] } },
);
