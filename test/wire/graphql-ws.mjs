// Drives a server with the graphql-ws client: two people, one of whom is away for a while.
//
//   node graphql-ws.mjs URL KEY
//
// It ends with 0 when everything that was expected has happened, and says what did not otherwise.
import assert from "node:assert/strict";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, key] = process.argv.slice(2);

const connect = (connectionParams) =>
  createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0, lazyCloseTimeout: 0 });

const ask = async (client, query, variables) => {
  for await (const result of client.iterate({ query, variables })) {
    assert.equal(result.errors, undefined, JSON.stringify(result.errors));
    return result.data;
  }
};

const ana = connect({ "x-api-key": key });
const ben = connect(() => ({ "x-api-key": key }));

// Live: what one writes, the other is told.
const created = ben.iterate({ query: "subscription { onCreateTask { id title status _version } }" });
const live = ben.iterate({
  query: "subscription { changes { cursor upToDate changes { op key version record } } }",
});
const first = (await live.next()).value.data.changes;
assert.equal(first.upToDate, true);

const hears = created.next();
await ask(ana, "query { listTasks { items { id } } }");
const { createTask } = await ask(ana, "mutation($input: CreateTaskInput!) { createTask(input: $input) { id _version } }", {
  input: { title: "Water the plants" },
});
assert.equal(createTask._version, 1);
assert.deepEqual((await hears).value.data, {
  onCreateTask: { id: createTask.id, title: "Water the plants", status: "OPEN", _version: 1 },
});

const frame = (await live.next()).value.data.changes;
assert.equal(frame.changes.length, 1);
assert.equal(frame.changes[0].record.title, "Water the plants");

// Away: the stream ends, two writes are missed, and the cursor brings exactly those.
await live.return();
await ask(ana, 'mutation($id: ID!) { updateTask(input: {id: $id, title: "Water them twice"}) { id } }', { id: createTask.id });
const { createTask: other } = await ask(ana, 'mutation { createTask(input: {title: "Buy seeds"}) { id } }');
const back = ben.iterate({
  query: "subscription($after: String) { changes(after: $after) { upToDate changes { op key version record } } }",
  variables: { after: frame.cursor },
});
const missed = (await back.next()).value.data.changes;
assert.deepEqual(
  missed.changes.map((c) => [c.op, c.key, c.version, c.record.title]),
  [
    ["PUT", createTask.id, 2, "Water them twice"],
    ["PUT", other.id, 1, "Buy seeds"],
  ],
);
await ask(ana, "mutation($id: ID!) { deleteTask(input: {id: $id}) { _deleted } }", { id: other.id });
const removed = (await back.next()).value.data.changes;
assert.deepEqual(
  removed.changes.map((c) => [c.op, c.key, c.record]),
  [["REMOVE", other.id, null]],
);

// Errors arrive as errors, on their operation; the socket lives on.
await assert.rejects(
  ask(ana, "query { nothing }"),
  (errors) => Array.isArray(errors) && errors[0].errorType === "ValidationException",
);
await ask(ana, "query { __typename }");

// A wrong key is refused with a code that tells the client not to try again.
const stranger = connect({ "x-api-key": "wrong" });
await assert.rejects(ask(stranger, "query { __typename }"), (event) => event.code === 4403);

// A ping with a credential renews that of the socket, and what runs goes on; another's ends it.
const renewing = async (payload) => {
  let socket;
  const client = createClient({
    url, webSocketImpl: WebSocket, connectionParams: { "x-api-key": key }, retryAttempts: 0, lazyCloseTimeout: 0,
    on: { opened: (opened) => (socket = opened) },
  });
  const running = client.iterate({ query: "subscription { changes { changes { key } } }" });
  await running.next();
  const end = new Promise((resolve) => client.on("closed", (event) => resolve(event.code)));
  const pong = new Promise((resolve) => client.on("pong", (_, payload) => resolve(payload)));
  socket.send(JSON.stringify({ type: "ping", payload }));
  return { answer: await Promise.race([pong, end]), running, client };
};
const { answer, running, client } = await renewing({ "x-api-key": key });
assert.deepEqual(answer, { renewed: true });
const { createTask: later } = await ask(ana, 'mutation { createTask(input: {title: "Water again"}) { id } }');
assert.deepEqual((await running.next()).value.data.changes.changes, [{ key: later.id }]);
await running.return();
await client.dispose();
const refused = await renewing({ "x-api-key": "wrong" });
assert.equal(refused.answer, 4403);
await assert.rejects(refused.running.next(), (event) => event.code === 4403);

await Promise.all([back.return(), created.return()]);
await Promise.all([ana.dispose(), ben.dispose()]);
