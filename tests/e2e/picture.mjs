// Takes the README's picture: `node tests/e2e/picture.mjs` after `make build` writes pictures/portal.png.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openBrowser, openPage } from "./support/browser.mjs";
import { BatchClient } from "./support/client.mjs";
import { arrive, link, signIn } from "./support/portal.mjs";
import { createAccount, createUser, startServer } from "./support/server.mjs";

const N_FRAMES = 240;
const OUT = fileURLToPath(new URL("pictures/portal.png", import.meta.url));

const server = await startServer();
const browser = await openBrowser();
try {
  const user = createUser(server, "ada");
  const batch = new BatchClient(createAccount(server, "studio"));
  await batch.poolCreate("render-farm", 4, { taskSlotsPerNode: 4, displayName: "Render farm" });
  await batch.nodes("render-farm", 4);
  await batch.jobCreate("scene-12", "render-farm", { displayName: "Scene 12, take 3", priority: 100, metadata: [{ name: "film", value: "Daily bread" }] });
  const frames = Array.from({ length: N_FRAMES }, (_, i) => i + 1).map((frame) => ({
    id: `frame-${String(frame).padStart(4, "0")}`,
    commandLine: `/bin/sh -c 'echo "rendering frame ${frame}"; sleep 1.${frame % 10}; test $((${frame} % 53)) -ne 7'`,
  }));
  for (let at = 0; at < frames.length; at += 100) {
    await batch.call("POST", "/jobs/scene-12/addtaskcollection", { body: { value: frames.slice(at, at + 100) } });
  }
  const { page } = await openPage(browser, server.url);
  await page.goto("/accounts/studio/jobs/scene-12");
  await signIn(page, user);
  await arrive(page, "scene-12");
  await batch.wait("half of the frames", async () => (await batch.call("GET", "/jobs/scene-12/taskcounts")).taskCounts.completed >= N_FRAMES * 0.55, 240_000);
  await link(page, "Overview").last().waitFor();
  mkdirSync(fileURLToPath(new URL("pictures/", import.meta.url)), { recursive: true });
  await page.screenshot({ path: OUT });
  console.log(`wrote ${OUT}`);
} finally {
  await browser.close();
  await server.stop();
}
