// Sends requests that are signed with AWS Signature V4, by a permanent access key, a user and a guest.
//
//   node signed.mjs GRAPHQL IDP KEY SECRET USER PASSWORD
//
// The user may read and write notes, and so may the key; a guest may read them. It ends with 0 when everything that
// was expected has happened, and says what did not otherwise.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { Sha256 } from "@aws-crypto/sha256-js";
import * as older from "@aws-sdk/signature-v4";
import { HttpRequest } from "@smithy/protocol-http";
import * as newer from "@smithy/signature-v4";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const require = createRequire(import.meta.url);
const { Amplify } = require("aws-amplify");
const auth = require("aws-amplify/auth");

const [graphql, idp, accessKeyId, secretAccessKey, username, password] = process.argv.slice(2);
const url = new URL(graphql);
const key = { accessKeyId, secretAccessKey };

const list = { query: "{ listNotes { items { text } } }" };
const create = (text) => ({ query: "mutation($text: String!) { createNote(input: {text: $text}) { text } }", variables: { text } });

/** Signs a request; what is not given is as it should be. */
const sign = ({ SignatureV4 }, credentials, body, { date = new Date(), applyChecksum = true, path = url.pathname } = {}) =>
  new SignatureV4({ credentials, region: "local", service: "appsync", sha256: Sha256, applyChecksum }).sign(
    new HttpRequest({
      method: "POST",
      protocol: url.protocol,
      hostname: url.hostname,
      port: Number(url.port),
      path,
      headers: { host: url.host, "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
    { signingDate: date },
  );

const send = async ({ headers, body }) => {
  const response = await fetch(url, { method: "POST", headers, body });
  return { status: response.status, type: response.headers.get("x-amzn-errortype"), ...(await response.json()) };
};
const gives = async (want, request) => {
  const answer = await send(await request);
  assert.deepEqual([answer.status, answer.data, answer.errors], [200, want, undefined]);
};
const refused = async (message, request) => {
  const answer = await send(await request);
  assert.deepEqual([answer.status, answer.type, answer.errors[0].errorType], [401, "UnauthorizedException", "UnauthorizedException"]);
  assert.match(answer.errors[0].message, message);
};

/** Opens a socket, and gives it when it is let in, with the payload of that. */
const connect = (connectionParams) =>
  new Promise((resolve, reject) => {
    const client = createClient({
      url: graphql.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams,
      lazy: false,
      retryAttempts: 0,
      onNonLazyError: ({ code, reason }) => reject(new Error(`${code} ${reason}`)),
      on: { connected: (_, terms) => resolve({ client, terms }) },
    });
  });
const ask = async ({ client }, request) => {
  for await (const { data, errors } of client.iterate(request)) return { data, error: errors?.[0].errorType };
};
const minutes = (n) => new Date(Date.now() + n * 60_000);

Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: "local_freshet",
      userPoolClientId: "freshet",
      userPoolEndpoint: idp,
      identityPoolId: "local:6f1d2c3b-0000-4000-8000-000000000001",
      identityPoolEndpoint: idp,
      allowGuestAccess: true,
    },
  },
});
const guest = (await auth.fetchAuthSession()).credentials;
await auth.signIn({ username, password });
const user = (await auth.fetchAuthSession()).credentials;
assert.ok(guest.sessionToken && user.sessionToken);

const texts = [];
for (const [name, library] of Object.entries({ older, newer })) {
  for (const [who, credentials] of Object.entries({ key, user })) {
    const text = `${name} ${who}`;
    const mutation = await sign(library, credentials, create(text));
    await gives({ createNote: { text } }, mutation);
    await refused(/was here before/, mutation);
    texts.push(text);

    const query = await sign(library, credentials, list);
    for (let i = 0; i < 2; i++) assert.equal((await send(query)).data.listNotes.items.length, texts.length); // a read may come again
    await gives({ listNotes: { items: [] } }, sign(library, credentials, { query: '{ listNotes(filter: {text: {eq: "none"}}) { items { text } } }' }));

    // A changed body does not pass: with a hash of it, with another hash, nor where only the signature covers it.
    const body = JSON.stringify(create("tampered"));
    const hash = createHash("sha256").update(body).digest("hex");
    await refused(/not the hash of the body/, { ...query, body });
    await refused(/not of this request/, { headers: { ...query.headers, "x-amz-content-sha256": hash }, body });
    const bare = await sign(library, credentials, list, { applyChecksum: false });
    assert.equal((await send(bare)).status, 200);
    await refused(/not of this request/, { ...bare, body });

    await refused(/not of this request/, sign(library, { ...credentials, secretAccessKey: credentials.secretAccessKey.toLowerCase() }, list));
    await refused(/set the clock/, sign(library, credentials, list, { date: minutes(-6) }));
    await refused(/set the clock/, sign(library, credentials, list, { date: minutes(6) }));
    const { authorization, ...unsigned } = query.headers;
    await refused(/send an API key/, { headers: unsigned, body: query.body });
  }
  // Two sockets with one signature, as two that open within a second have: both read, and one may write.
  for (const [who, credentials] of Object.entries({ key, user })) {
    const date = minutes(-texts.length / 4); // which no other pair has
    const { headers } = await sign(library, credentials, {}, { date, path: "/graphql/connect" });
    const [first, second] = [await connect(headers), await connect(headers)];
    assert.deepEqual([first.terms, second.terms.readOnly], [undefined, true]);
    for (const socket of [first, second]) assert.equal((await ask(socket, list)).data.listNotes.items.length, texts.length);
    const text = `${name} ${who} on a socket`;
    assert.deepEqual(await ask(second, create(text)), { data: { createNote: null }, error: "Unauthorized" });
    const heard = second.client.iterate({ query: "subscription { onCreateNote { text } }" });
    const next = heard.next();
    await ask(second, list); // the subscription before it has begun
    assert.deepEqual((await ask(first, create(text))).data, { createNote: { text } });
    assert.deepEqual((await next).value.data, { onCreateNote: { text } });
    texts.push(text);
    for (const { client } of [first, second]) client.dispose();
    await assert.rejects(connect({ ...headers, host: "example.com" }), /4403 .*signed for the host/);
  }

  await refused(/session token/, sign(library, { ...user, sessionToken: undefined }, list));
  await refused(/session token/, sign(library, { ...user, sessionToken: guest.sessionToken }, list));
  await refused(/access key/, sign(library, { ...key, accessKeyId: "FKIA0000000000000000" }, list));

  assert.equal((await send(await sign(library, guest, list))).data.listNotes.items.length, texts.length);
  const { data, errors } = await send(await sign(library, guest, create(`${name} guest`)));
  assert.deepEqual([data, errors[0].errorType], [{ createNote: null }, "Unauthorized"]);
}

// What was refused has left nothing behind.
const { data } = await send(await sign(newer, key, list));
assert.deepEqual(data.listNotes.items.map(({ text }) => text).sort(), texts.sort());

// Who is no longer there is not let in by what the account was given.
await auth.deleteUser();
await refused(/no longer good/, sign(newer, user, list));
process.exit(0);
