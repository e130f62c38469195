// The smallest server for RxDB's HTTP replication that keeps its promises, all in memory: records in the order of
// their latest change, conflicts found, changes streamed.
import { createServer } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { records } from '../records.js';

const latest = new Map(); // by id: the record, and its place in the log
const log = []; // ids in the order of the changes
const streams = new Set();

function put(record) {
  latest.set(record.id, { record, place: log.length });
  log.push(record.id);
}

function pull({ checkpoint, limit }) {
  const documents = [];
  let place = checkpoint?.place ?? 0;
  for (; place < log.length && documents.length < limit; place++) {
    const held = latest.get(log[place]);
    if (held.place === place) documents.push(held.record);
  }
  return { documents, checkpoint: { place } };
}

/** Gives the records that are not as the client assumed; the others are written. */
function push(rows) {
  const conflicts = [];
  const documents = [];
  for (const { assumedMasterState, newDocumentState } of rows) {
    const held = latest.get(newDocumentState.id)?.record;
    if (held && !isDeepStrictEqual(held, assumedMasterState)) conflicts.push(held);
    else documents.push(newDocumentState);
  }
  documents.forEach(put);
  const event = JSON.stringify({ documents, checkpoint: { place: log.length } });
  for (const stream of streams) stream.write(`data: ${event}\n\n`);
  return conflicts;
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

const holds = ({ title }) => [...latest.values()].filter(({ record }) => record.title === title).length;
const paths = { '/pull': pull, '/push': push, '/holds': holds };

const server = createServer(async (request, response) => {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', 'content-type');
  response.setHeader('access-control-max-age', '86400');
  if (request.method === 'OPTIONS') return response.end();
  if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    streams.add(response.on('close', () => streams.delete(response)));
    return;
  }
  response.end(JSON.stringify(paths[request.url](await bodyOf(request))));
});

for (const record of records(Number(process.argv[2]))) put({ ...record, _deleted: false });
process.on('SIGTERM', () => process.exit());
server.listen(0, '127.0.0.1', () => console.log(`serves on http://127.0.0.1:${server.address().port}`));
