// PouchDB's own server, with its adapter that keeps all in memory.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import expressPouchDB from 'express-pouchdb';
import http from 'pouchdb-adapter-http';
import memory from 'pouchdb-adapter-memory';
import PouchDB from 'pouchdb-core';
import find from 'pouchdb-find';
import mapreduce from 'pouchdb-mapreduce';
import replication from 'pouchdb-replication';
import { records } from '../records.js';

PouchDB.plugin(memory).plugin(http).plugin(mapreduce).plugin(replication).plugin(find);
const Memory = PouchDB.defaults({ adapter: 'memory' });
const tasks = new Memory('tasks');

const app = express();
app.use((request, response, next) => {
  response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('access-control-allow-headers', 'content-type, accept');
  response.setHeader('access-control-allow-methods', 'GET, PUT, POST, DELETE, HEAD');
  response.setHeader('access-control-max-age', '86400');
  if (request.method === 'OPTIONS') response.end();
  else next();
});
app.post('/holds', express.json({ type: () => true }), async (request, response) => {
  const { rows } = await tasks.allDocs({ include_docs: true });
  response.json(rows.filter(({ doc }) => doc.title === request.body.title).length);
});
const logPath = join(mkdtempSync(join(tmpdir(), 'freshet-bench-pouchdb-')), 'log.txt');
app.use(expressPouchDB(Memory, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath }));

const all = records(Number(process.argv[2])).map(({ id, ...fields }) => ({ _id: id, ...fields }));
for (let at = 0; at < all.length; at += 1000) await tasks.bulkDocs(all.slice(at, at + 1000));
process.on('SIGTERM', () => process.exit());
const server = app.listen(0, '127.0.0.1', () =>
  console.log(`serves on http://127.0.0.1:${server.address().port}`),
);
