// Signs in with openid-client as an app would, and acts as the browser in between.
//
//   node oidc.mjs ISSUER CLIENT REDIRECT_URI USER PASSWORD
//
// It ends with 0 when everything that was expected has happened, and says what did not otherwise.
import assert from "node:assert/strict";
import * as client from "openid-client";

const [issuer, id, redirectURI, user, password] = process.argv.slice(2);

const config = await client.discovery(new URL(issuer), id, undefined, client.None(), { execute: [client.allowInsecureRequests] });
assert.ok(config.serverMetadata().supportsPKCE());

const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const start = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectURI,
  scope: "openid email",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});

const tokens = await client.authorizationCodeGrant(config, await browse(start), {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
});
const { sub, email } = tokens.claims();
assert.equal(email, user);
assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub)).email, user);

const next = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.notEqual(next.refresh_token, tokens.refresh_token);
assert.equal(next.claims().sub, sub);

await client.tokenRevocation(config, next.refresh_token);
await assert.rejects(client.refreshTokenGrant(config, next.refresh_token), { error: "invalid_grant" });
await assert.rejects(client.fetchUserInfo(config, next.access_token, sub));

const end = client.buildEndSessionUrl(config, { post_logout_redirect_uri: redirectURI, state: "bye" });
const left = await fetch(end, { redirect: "manual" });
assert.equal(left.headers.get("location"), `${redirectURI}?state=bye`);

// unescape reads an attribute as the pages write it.
function unescape(text) {
  return text.replace(/&#(\d+);/g, (_, n) => String.fromCharCode(n)).replaceAll("&amp;", "&");
}

// browse follows redirects and fills in the form for signing in, until it is sent to the app.
async function browse(url) {
  const cookies = new Map();
  let request = { method: "GET" };
  for (let hops = 0; hops < 10; hops++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { ...request, headers: { cookie }, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split(/=(.*)/s);
      cookies.set(name, value);
    }
    const to = answer.headers.get("location");
    if (to?.startsWith(redirectURI)) return new URL(to);
    if (to) {
      url = new URL(to, url);
      request = { method: "GET" };
      continue;
    }
    const page = await answer.text();
    const find = (pattern) => unescape(pattern.exec(page)?.[1] ?? assert.fail(`${answer.status}: ${page}`));
    url = new URL(find(/action="([^"]*)"/), url);
    const form = find(/name="form" value="([^"]*)"/);
    request = { method: "POST", body: new URLSearchParams({ form, username: user, password }) };
  }
  assert.fail("the pages do not come to an end");
}
