// People sign in by a real provider of OpenID Connect: whom nobody announced is told so, and an Owner sees why.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { journey } from "../support/journey.mjs";
import { accessibleInBothThemes, arrive, button, go, heading, link, row, settled, signIn, textbox } from "../support/portal.mjs";
import { startProvider } from "../support/provider.mjs";
import { createUser } from "../support/server.mjs";

let url;
const provider = await startProvider(() => `${url}/portal/oidc/return`);
const secret = join(mkdtempSync(join(tmpdir(), "fournil-provider-")), "secret");
writeFileSync(secret, "a secret of the test\n");
const args = ["--oidc-issuer", provider.issuer, "--oidc-client-id", "fournil", "--oidc-client-secret-file", secret, "--oidc-name", "the lab’s login"];

/** At the provider's own pages. */
async function nameOneself(page, name) {
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

journey("provider sign in", async ({ page, server, open, shot }) => {
  url = server.url;
  const owner = createUser(server, "grace");
  createUser(server, "anna", { role: "Reader" });

  // Somebody whom nobody announced.
  const { page: annas } = await open({ expected: [/fonts\.googleapis\.com/, /favicon\.ico/] });
  await annas.goto("/accounts");
  await heading(annas, "Sign in").waitFor();
  await link(annas, "Sign in with the lab’s login").waitFor();
  await accessibleInBothThemes(annas);
  await shot("entrance", annas);
  await link(annas, "Sign in with the lab’s login").click();
  await nameOneself(annas, "anna");
  await annas.getByRole("alert").getByText("No user here has your name at the provider.").waitFor();
  await accessibleInBothThemes(annas);
  await shot("unknown", annas);

  // The Owner sees what the provider said, and enters the name.
  await page.goto("/users");
  await signIn(page, owner);
  await arrive(page, "Users");
  await heading(page, "Users").waitFor();
  const attempts = page.getByRole("region", { name: "Sign-ins by the provider" });
  await attempts.getByText("No user here has your name at the provider.").waitFor();
  await attempts.getByText("Claims").last().click();
  await attempts.getByText("anna@example.org").waitFor();
  await settled(page);
  await accessibleInBothThemes(page);
  await shot("attempts");
  await link(page, "anna").click();
  await textbox(page, "Name at the provider").fill("Anna@example.org");
  await button(page, "Save").last().click();
  await page.getByText("anna has another name at the provider").first().waitFor();
  await settled(page);
  await accessibleInBothThemes(page);
  await shot("user");

  // Now the provider, which remembers her, lets her in, to where she wanted to go.
  await link(annas, "Sign in with the lab’s login").click();
  await heading(annas, "Accounts").waitFor();
  assert.equal(new URL(annas.url()).pathname, "/accounts");
  const who = await annas.evaluate(() => fetch("/portal/fn/session_get", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }).then((answer) => answer.json()));
  assert.deepEqual([who.user, who.role], ["anna", "Reader"]);
  // The provider's are of the same host.
  const cookies = (await annas.context().cookies(server.url)).filter(({ name }) => name.startsWith("fournil"));
  assert.deepEqual(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]), [["fournil_session", true, "Lax"]]);
  await go(page, "/users");
  await row(page, "anna").getByText("Reader").waitFor();
  await attempts.getByText("Let in").waitFor();
  await provider.stop();
}, { server: { args } });
