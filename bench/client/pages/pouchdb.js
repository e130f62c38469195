import http from 'pouchdb-adapter-http';
import indexeddb from 'pouchdb-adapter-indexeddb';
import PouchDB from 'pouchdb-core';
import find from 'pouchdb-find';
import replication from 'pouchdb-replication';
import { expose } from './measures.js';

PouchDB.plugin(indexeddb).plugin(http).plugin(replication).plugin(find);

expose(async ({ url }) => {
  const local = new PouchDB('bench', { adapter: 'indexeddb' });
  const remote = new PouchDB(url);
  await local.createIndex({ index: { fields: ['project', 'due'] } });
  let pull;
  let push;
  return {
    start: () => {
      const options = { live: true, retry: true, batch_size: 2000 };
      pull = replicated(local.replicate.from(remote, options));
      push = replicated(local.replicate.to(remote, options));
    },
    synced: () => pull.done,
    stop: () => Promise.all([pull.cancel(), push.cancel()]),
    drained: () => push.done,
    watch: (query, callback) => watch(local, query, callback),
    update: async (id, patch) => local.put({ ...(await local.get(id)), ...patch }),
    count: async () => (await local.allDocs()).rows.filter((row) => !row.id.startsWith('_')).length,
  };
});

function replicated(replication) {
  const done = new Promise((resolve, reject) => {
    replication.once('paused', (error) => (error ? reject(error) : resolve()));
    replication.once('error', reject);
  });
  const ended = new Promise((resolve) => replication.once('complete', resolve));
  const cancel = () => {
    replication.cancel();
    return ended;
  };
  return { done, cancel };
}

/** PouchDB has no live queries: the query is asked again after changes, one time after another. */
function watch(local, { project, limit }, callback) {
  const ask = project
    ? async () =>
        (await local.find({ selector: { project, due: { $gt: null } }, sort: ['project', 'due'], limit }))
          .docs
    : async () => (await local.allDocs({ include_docs: true, limit })).rows.map((row) => row.doc);
  let stale = true;
  let asking = false;
  const refresh = async () => {
    stale = true;
    if (asking) return;
    asking = true;
    while (stale) {
      stale = false;
      callback((await ask()).map((doc) => ({ ...doc, id: doc._id })));
    }
    asking = false;
  };
  const changes = local.changes({ live: true, since: 'now' }).on('change', refresh);
  refresh();
  return () => changes.cancel();
}
