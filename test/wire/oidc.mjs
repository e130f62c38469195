// Signs up and in with openid-client as an app does, with a visitor who goes through the hosted pages.
//
//   node oidc.mjs ISSUER CLIENT HOUSE [CHROMIUM]
//
// The app is at HOUSE/app, and HOUSE/mail?to= gives the code that was mailed last. Where a browser is given, the visitor
// uses it, and the app is a page in it. It ends with 0 when everything that was expected has happened, and says what did not otherwise.
import assert from "node:assert/strict";
import * as client from "openid-client";
import { withChromium, withFetch } from "./visitors.mjs";

const [issuer, id, house, chromium] = process.argv.slice(2);
const app = `${house}/app`;
const [email, password] = ["ana@example.com", "tulip-garden-47"];

const { newVisitor, fetch: fetchOfApp, close } = chromium ? await withChromium(chromium, app) : await withFetch(app);
const config = await client.discovery(new URL(issuer), id, undefined, client.None(), {
  execute: [client.allowInsecureRequests],
  [client.customFetch]: fetchOfApp,
});
assert.ok(config.serverMetadata().supportsPKCE());

/** Begins a sign-in: where to send the visitor, and what takes the tokens when it is back. */
const begin = async (parameters) => {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const start = client.buildAuthorizationUrl(config, {
    redirect_uri: app,
    scope: "openid email",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...parameters,
  });
  const finish = (back, pkceCodeVerifier = verifier) =>
    client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true });
  return { start, finish };
};
const code = async () => (await (await fetch(`${house}/mail?to=${email}`)).json()).code;
const refused = (error, promise) => assert.rejects(promise, { error });

// A new account, by the code in the letter.
const ana = await newVisitor();
const first = await begin({ prompt: "create" });
await ana.visit(first.start);
assert.equal(await ana.heading(), "Create an account");
await ana.fill({ email, password: "password" });
assert.equal(await ana.heading(), "Create an account");
await ana.fill({ email, password });
assert.equal(await ana.heading(), "Check your e-mail");
await ana.fill({ code: (await code()) === "000000" ? "000001" : "000000" });
assert.equal(await ana.heading(), "Check your e-mail");
const joined = await ana.fill({ code: await code() });
assert.equal((await first.finish(joined)).claims().email, email);
await refused("invalid_grant", first.finish(joined)); // a code counts once

// Elsewhere, with the password.
const elsewhere = await newVisitor();
const second = await begin();
await elsewhere.visit(second.start);
assert.equal(await elsewhere.heading(), "Sign in");
await elsewhere.fill({ username: email, password: "tulip-garden-48" });
assert.equal(await elsewhere.heading(), "Sign in");
const tokens = await second.finish(await elsewhere.fill({ username: email, password }));
const { sub } = tokens.claims();
assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub)).email, email);

// The token is one for the data; the ID token is not.
const asks = async (token) => {
  const headers = { "content-type": "application/json", authorization: token };
  return (await fetch(new URL("/graphql", issuer), { method: "POST", headers, body: '{"query":"{ __typename }"}' })).status;
};
assert.deepEqual([await asks(tokens.access_token), await asks(tokens.id_token)], [200, 401]);

// Who has signed in need not do it again. A code without the right verifier is worth nothing.
const third = await begin({ prompt: "none" });
await refused("invalid_grant", third.finish(await elsewhere.visit(third.start), client.randomPKCECodeVerifier()));
await assert.rejects(third.finish(await (await newVisitor()).visit(third.start)), { error: "login_required" });

// Nobody is sent to an address that is not on the list.
for (const redirect_uri of [`${app}/`, `${app}?to=elsewhere`, "https://evil.example/app", `${house}/mail`]) {
  const { start } = await begin({ redirect_uri });
  assert.equal(await elsewhere.visit(start), undefined);
  assert.equal(await elsewhere.heading(), "This did not work");
}

// The tokens are renewed, each refresh token gives one successor, and a revoked one none.
const next = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.notEqual(next.refresh_token, tokens.refresh_token);
assert.equal(next.claims().sub, sub);
await client.tokenRevocation(config, next.refresh_token);
await refused("invalid_grant", client.refreshTokenGrant(config, next.refresh_token));
await assert.rejects(client.fetchUserInfo(config, next.access_token, sub));
assert.equal(await asks(next.access_token), 401);

// After the sign-out, by the ID token of the session that was revoked, the visitor has to sign in again.
const left = await elsewhere.visit(client.buildEndSessionUrl(config, { post_logout_redirect_uri: app, state: "bye", id_token_hint: next.id_token }));
assert.equal(String(left), `${app}?state=bye`);
await elsewhere.visit((await begin()).start);
assert.equal(await elsewhere.heading(), "Sign in");
await elsewhere.visit(client.buildEndSessionUrl(config, { post_logout_redirect_uri: "https://evil.example/" }));
assert.equal(await elsewhere.heading(), "This did not work");
await close();
