import { createClient } from '@freshet/client';
import { schema } from 'schema';
import { expose } from './measures.js';

expose(async ({ url, apiKey }) => {
  const client = createClient({ endpoint: url, auth: apiKey, schema });
  const until = (holds) =>
    new Promise((resolve) => {
      const unsubscribe = client.status.subscribe((status) => check(status));
      const check = (status) => {
        if (!holds(status)) return;
        unsubscribe();
        resolve();
      };
      check(client.status.get());
    });
  return {
    start: () => client.start(),
    synced: () => until(({ connection, firstSync }) => connection === 'live' && firstSync.done),
    stop: () => client.stop(),
    drained: () => until(({ pending }) => pending === 0),
    watch: ({ project, limit }, callback) =>
      client.tasks.observe({ ...(project && { where: { project }, orderBy: 'due' }), limit }, callback),
    update: (id, patch) => client.tasks.update(id, patch),
    count: async () => (await client.tasks.query()).length,
  };
});
