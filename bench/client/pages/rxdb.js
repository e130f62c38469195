import { createRxDatabase } from 'rxdb/plugins/core';
import { replicateRxCollection } from 'rxdb/plugins/replication';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { Subject } from 'rxjs';
import { expose } from './measures.js';

const text = { type: 'string', maxLength: 40 };
const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: { id: text, project: text, due: text, title: { type: 'string' }, body: { type: 'string' } },
  required: ['id', 'project', 'due', 'title', 'body'],
  indexes: [['project', 'due']],
};

expose(async ({ url }) => {
  const database = await createRxDatabase({ name: 'bench', storage: getRxStorageDexie(), eventReduce: true });
  const { tasks } = await database.addCollections({ tasks: { schema } });
  let replication;
  return {
    start: () => {
      replication = replicate(tasks, url);
    },
    synced: () => replication.awaitInitialReplication(),
    stop: () => replication.cancel(),
    drained: async () => {
      await replication.awaitInitialReplication();
      await replication.awaitInSync();
    },
    watch: ({ project, limit }, callback) => {
      const sort = project ? [{ project: 'asc' }, { due: 'asc' }] : [{ id: 'asc' }];
      const query = tasks.find({ selector: project ? { project } : {}, sort, ...(limit && { limit }) });
      const subscription = query.$.subscribe(callback);
      return () => subscription.unsubscribe();
    },
    update: async (id, patch) => (await tasks.findOne(id).exec()).incrementalPatch(patch),
    count: () => tasks.count().exec(),
  };
});

/** As the documentation of RxDB's HTTP replication has it; pages are larger, which is faster. */
function replicate(collection, url) {
  const news = new Subject();
  const events = new EventSource(`${url}/events`);
  events.onmessage = ({ data }) => news.next(JSON.parse(data));
  events.onerror = () => news.next('RESYNC');
  const post = async (path, body) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return response.json();
  };
  const replication = replicateRxCollection({
    collection,
    replicationIdentifier: url,
    pull: {
      batchSize: 1000,
      handler: (checkpoint, limit) => post('/pull', { checkpoint, limit }),
      stream$: news.asObservable(),
    },
    push: { batchSize: 1000, handler: (rows) => post('/push', rows) },
  });
  replication.canceled$.subscribe((canceled) => canceled && events.close());
  return replication;
}
