// Every page, empty and full, in both languages and both themes: accessible, translated, and as it looks in a picture.

import assert from "node:assert/strict";
import { BatchClient } from "../support/client.mjs";
import { journey } from "../support/journey.mjs";
import { LANGUAGES, accessibleInBothThemes, go, signIn, speaking, words } from "../support/portal.mjs";
import { createAccount, createUser } from "../support/server.mjs";
import { fillApplication, fillContainer } from "../support/storage.mjs";
import { zip } from "../support/zip.mjs";

journey("every page", async ({ server, open, shot }) => {
  const user = createUser(server, "ada");
  createAccount(server, "empty");
  const batch = new BatchClient(createAccount(server, "studio"));
  const { node, broken } = await fill(batch);
  const at = "/accounts/studio";
  const full = {
    home: "/",
    settings: "/settings",
    reference: "/reference?q=task",
    tokens: "/tokens",
    device: "/device?code=BCDF-GHJK",
    users: "/users",
    user: "/users/ada",
    activity: "/activity",
    accounts: "/accounts",
    "account-new": "/accounts/new",
    account: at,
    properties: `${at}/properties`,
    tags: `${at}/tags`,
    keys: `${at}/keys`,
    storage: `${at}/storage`,
    access: `${at}/access`,
    networking: `${at}/networking`,
    quotas: `${at}/quotas`,
    "account-activity": `${at}/activity`,
    events: `${at}/events`,
    webhooks: `${at}/webhooks`,
    "webhook-add": `${at}/webhooks?panel=add`,
    pools: `${at}/pools`,
    "pool-new": `${at}/pools/new?tab=nodes`,
    "pool-autoscale": `${at}/pools/elastic`,
    "pool-review": `${at}/pools/new?tab=review`,
    "pool-copy": `${at}/pools/new?as=json&from=render`,
    pool: `${at}/pools/render`,
    "pool-resize": `${at}/pools/render?panel=resize`,
    nodes: `${at}/pools/render/nodes`,
    map: `${at}/pools/render/nodes?view=map`,
    "pool-json": `${at}/pools/render/properties`,
    "pool-edit-json": `${at}/pools/render/properties?edit=json`,
    node: `${at}/pools/render/nodes/${node}`,
    "node-failed": `${at}/pools/broken/nodes/${broken}`,
    jobs: `${at}/jobs`,
    "job-new": `${at}/jobs/new`,
    "job-copy": `${at}/jobs/new?as=json&from=frames`,
    job: `${at}/jobs/frames`,
    "job-schedules": `${at}/jobschedules`,
    "job-schedule-new": `${at}/jobschedules/new?tab=times`,
    "job-schedule": `${at}/jobschedules/nightly`,
    "job-schedule-jobs": `${at}/jobschedules/nightly/jobs`,
    "job-of-schedule": `${at}/jobs/nightly:job-1`,
    applications: `${at}/applications`,
    "application-new": `${at}/applications/new`,
    application: `${at}/applications/greeter`,
    "application-edit": `${at}/applications/greeter?panel=edit`,
    "version-add": `${at}/applications/greeter?panel=upload`,
    "pool-packages": `${at}/pools/new?tab=packages`,
    tasks: `${at}/jobs/frames/tasks`,
    "task-new": `${at}/jobs/frames/tasks/new`,
    "task-failed": `${at}/jobs/frames/tasks/frame-007`,
    "task-waiting": `${at}/jobs/waiting/tasks/big`,
    stdout: `${at}/jobs/frames/tasks/encode?tab=stdout`,
    files: `${at}/jobs/frames/tasks/frame-001?tab=files`,
    file: `${at}/jobs/frames/tasks/frame-001/files/stdout.txt`,
    "node-files": `${at}/pools/render/nodes/${node}/files`,
    "node-file": `${at}/pools/render/nodes/${node}/files/workitems/frames/job-1/frame-001/stdout.txt`,
    locations: "/locations",
    subscriptions: "/places",
    stores: "/storage-accounts",
    store: "/storage-accounts/fournil",
    container: "/storage-accounts/fournil/containers/scenes",
    "container-empty": "/storage-accounts/fournil/containers/scenes?folder=nothing%2F",
    blob: "/storage-accounts/fournil/containers/scenes/blobs/take%203/cut.json",
    "not-found": `${at}/nowhere`,
    "no-pool": `${at}/pools/none`,
    "no-account": "/accounts/none",
  };
  const empty = Object.fromEntries(
    ["", "/tags", "/keys", "/storage", "/pools", "/jobs", "/jobschedules", "/applications"].map((path) => [`empty${path.replace("/", "-")}`, `/accounts/empty${path}`]),
  );
  const { page: first } = await open();
  await first.goto("/sign-in");
  await signIn(first, user);
  await fillContainer(first, "scenes", { "take 3/cut.json": '{"frames":[1,2]}', "notes.txt": "two takes" });
  await fillApplication(first, "studio", "greeter", { "1.0": zip({ greet: "#!/bin/sh\necho hello\n" }) });
  for (const language of LANGUAGES) {
    const { page } = await open({ ...speaking(language), expected: [/status of 404/] });
    const look = async (name) => {
      await accessibleInBothThemes(page, (theme) => shot(`${language}-${theme}-${name}`, page));
      // The reference speaks in the words of the program's own documentation, marked as English.
      if (language === "fr" && name !== "reference") await assertTranslated(page, name);
    };
    await page.goto("/sign-in");
    await page.getByRole("heading", { level: 1 }).waitFor();
    await look("sign-in");
    await signIn(page, user, language);
    assert.equal(await page.evaluate(() => document.documentElement.lang), language);
    for (const [name, path] of Object.entries({ ...full, ...empty })) {
      await go(page, path);
      await look(name);
    }
    await openWhatOpens(page, words(language), look);
    await page.context().close();
  }
});

/** Panes and dialogs that open over a page. */
async function openWhatOpens(page, say, look) {
  await go(page, "/accounts/studio/jobs/frames");
  const named = (name) => page.getByRole("button", { name, exact: typeof name === "string" });
  for (const [label, name] of [["user-menu", say.USER_MENU], ["notifications", new RegExp(say.NOTIFICATIONS_TITLE)], ["disable", say.JOB_DISABLE], ["terminate", say.JOB_TERMINATE], ["delete", say.JOB_DELETE]]) {
    await named(name).click();
    await look(label);
    await page.keyboard.press("Escape");
  }
}

/** Nothing on a French page is an English sentence of ours. What both languages write alike is no proof. */
async function assertTranslated(page, path) {
  const [english, french] = [words("en"), words("fr")];
  const same = new Set(Object.values(french));
  const sentences = Object.values(english).filter((text) => text.length > 8 && text.includes(" ") && !text.includes("{") && !same.has(text));
  const seen = await page.locator("body").innerText();
  assert.deepEqual(sentences.filter((text) => seen.includes(text)), [], `${path} is partly English`);
}

/** Pools that work and that do not, jobs in several states, tasks of every outcome. Returns a node that is well and one that is not. */
async function fill(batch) {
  await batch.poolCreate("render", 4, { taskSlotsPerNode: 4, displayName: "Film rendering", networkConfiguration: { endpointConfiguration: { inboundNATPools: [SSH] } } });
  await batch.poolCreate("broken", 1, { startTask: { commandLine: "/bin/sh -c 'echo no licence >&2; exit 4'", waitForSuccess: true } });
  await batch.poolCreate("later", 0);
  await batch.call("POST", "/pools", { body: { id: "elastic", vmSize: "standard_d1_v2", enableAutoScale: true, autoScaleFormula: ELASTIC } });
  await batch.jobCreate("frames", "render", { displayName: "Scene 12, take 3", priority: 100, metadata: [{ name: "film", value: "bread" }] });
  await batch.jobCreate("waiting", "later");
  const nightly = { recurrenceInterval: "P1D", startWindow: "PT2H" };
  await batch.call("POST", "/jobschedules", {
    body: { id: "nightly", displayName: "Dailies", schedule: nightly, jobSpecification: { poolInfo: { poolId: "render" } } },
  });
  await batch.taskCreate("waiting", "big", "/bin/true", { requiredSlots: 2 });
  const frames = Array.from({ length: 40 }, (_, i) => ({
    id: `frame-${String(i + 1).padStart(3, "0")}`,
    commandLine: `/bin/sh -c 'echo rendering frame ${i + 1}; test ${i + 1} -ne 7'`,
  }));
  await batch.call("POST", "/jobs/frames/addtaskcollection", { body: { value: frames } });
  await batch.taskCreate("frames", "encode", `/bin/sh -c 'seq -f "\u001b[32mframe %g\u001b[0m encoded" 1 200; sleep 600'`);
  const [{ id: node }] = await batch.nodes("render", 4);
  await batch.call("POST", `/pools/render/nodes/${node}/users`, { body: { name: "ada", password: "correct horse battery" } });
  const [{ id: broken }] = await batch.nodes("broken", 1, ["starttaskfailed"]);
  for (const { id } of frames.slice(-1)) await batch.task("frames", id, "completed");
  await batch.task("frames", "encode", "running");
  return { node, broken };
}

const SSH = {
  name: "ssh",
  protocol: "tcp",
  backendPort: 22,
  frontendPortRangeStart: 30000,
  frontendPortRangeEnd: 31999,
  networkSecurityGroupRules: [{ priority: 150, access: "allow", sourceAddressPrefix: "127.0.0.0/8" }],
};
const ELASTIC = "$TargetDedicatedNodes = min(2, $PendingTasks.GetSample(1));";
