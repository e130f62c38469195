import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { records } from '../records.js';
import { start } from './program.js';

const schema = 'tasks.graphql';
const apiKey = 'da2-benchbenchbenchbenchbench';
const flags = ['--schema', schema, '--api-key', apiKey, '--log-level', 'warn'];

/** Builds the server from a source tree, and gives the binary. */
export function buildFreshet(source, work) {
  const binary = join(work, 'freshet');
  execFileSync('go', ['build', '-o', binary, './cmd/freshet'], { cwd: source, stdio: 'inherit' });
  return binary;
}

/** Starts the server with that many records, on a data directory of its own. */
export async function serveFreshet(binary, work, count) {
  const data = join(work, `freshet-${count}-${Date.now()}`);
  const file = join(work, 'records.ndjson');
  writeFileSync(
    file,
    records(count)
      .map((record) => JSON.stringify(record))
      .join('\n'),
  );
  execFileSync(binary, ['import', file, '--model', 'Task', '--data', data], {
    env: { ...process.env, FRESHET_SCHEMA: schema },
  });
  const server = await start(
    binary,
    ['serve', '--data', data, '--listen', '127.0.0.1:0', ...flags],
    /serves on (\S+)/,
  );
  const url = server.found[1];
  return { config: { url, apiKey }, holds: (title) => holds(url, title), stop: server.stop };
}

/** How many records have a title. */
async function holds(url, title) {
  const query = `query($title: String, $nextToken: String) {
    listTasks(limit: 1000, nextToken: $nextToken, filter: { title: { eq: $title } }) { items { id } nextToken }
  }`;
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
  let count = 0;
  let nextToken = null;
  do {
    const body = JSON.stringify({ query, variables: { title, nextToken } });
    const { data, errors } = await (await fetch(url, { method: 'POST', headers, body })).json();
    if (errors) throw new Error(errors[0].message);
    count += data.listTasks.items.length;
    ({ nextToken } = data.listTasks);
  } while (nextToken);
  return count;
}
