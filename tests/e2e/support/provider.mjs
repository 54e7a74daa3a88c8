// A certified provider of OpenID Connect (node-oidc-provider) in this process. Its own pages ask for any name and password.

import { createServer } from "node:http";
import Provider from "oidc-provider";

/** Starts one for `redirectUri()`, which is asked for when somebody first comes. Mail addresses are NAME@example.org. */
export async function startProvider(redirectUri) {
  let callback;
  const http = createServer((request, response) => (callback ??= provider().callback())(request, response));
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  // A story that fails leaves it behind.
  http.unref();
  const issuer = `http://127.0.0.1:${http.address().port}`;
  const provider = () =>
    new Provider(issuer, {
      clients: [{ client_id: "fournil", client_secret: "a secret of the test", redirect_uris: [redirectUri()] }],
      claims: { email: ["email", "email_verified"], profile: ["name"] },
      cookies: { keys: ["of the test"] },
      pkce: { required: () => true },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: id, email: `${id}@example.org`, email_verified: true }) }),
    });
  return { issuer, stop: () => new Promise((resolve) => (http.close(resolve), http.closeAllConnections())) };
}
