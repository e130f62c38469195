/**
 * What is measured in a page, the same for every contender. `open` gives its store:
 *
 *   start()             begins to sync
 *   synced()            resolves when it has everything
 *   stop()              goes offline
 *   drained()           resolves when nothing waits to be sent, after a start
 *   watch(query, call)  calls with the records of a query, { project?, limit? }, by due, soon and when they change
 *   update(id, patch)   writes a record
 *   count()             how many records there are
 */
export function expose(open) {
  let store;
  let view;

  /** Milliseconds until a live query had rows, and until all records were there. */
  const firstSync = async (config, list) => {
    const begin = performance.now();
    store = await open(config);
    const rows = first(store, list, 1).then(since(begin));
    store.start();
    const all = await store.synced().then(since(begin));
    return { rows: await rows, all, count: await store.count() };
  };

  /** Milliseconds until a live query showed what is there, and until the store knew that nothing is new. */
  const reload = async (config, list) => {
    const begin = performance.now();
    store = await open(config);
    const live = first(store, list, list.limit).then(since(begin));
    store.start();
    const upToDate = await store.synced().then(since(begin));
    return { live: await live, upToDate };
  };

  /** Opens the live query that `writes` looks at. */
  const follow = async (query) => {
    view?.stop();
    view = await watched(store, query);
  };

  /**
   * Milliseconds of each of `times` writes, fewer where they are slow, until the live query shows it; with a pause of
   * some milliseconds after each.
   */
  const writes = async (times, pause = 0) => {
    const took = [];
    for (let n = 0, end = performance.now() + patience; n < times && performance.now() < end; n++) {
      const at = (n * 7919) % view.records.length;
      const title = `Written ${n} ${performance.now()}`;
      const begin = performance.now();
      const seen = view.until((records) => records[at].title === title).then(since(begin));
      await store.update(view.records[at].id, { title });
      took.push(await seen);
      if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    return took;
  };

  /** Milliseconds until as many writes that were made offline have reached the server. */
  const drain = async (ids, title) => {
    await store.stop();
    for (let at = 0; at < ids.length; at += 100) {
      await Promise.all(ids.slice(at, at + 100).map((id) => store.update(id, { title })));
    }
    const begin = performance.now();
    store.start();
    return store.drained().then(since(begin));
  };

  const stop = () => store.stop();

  globalThis.measures = { firstSync, reload, follow, writes, drain, stop };
}

const patience = 10_000; // milliseconds

const since = (begin) => () => performance.now() - begin;

/** Resolves when a query has as many records. */
async function first(store, query, count) {
  const view = await watched(store, query);
  await view.until((records) => records.length >= count);
  view.stop();
}

/** Follows a query; resolves with the first records. */
async function watched(store, query) {
  const view = { records: undefined, waiting: undefined };
  const check = () => {
    if (!view.waiting?.holds(view.records)) return;
    view.waiting.resolve();
    view.waiting = undefined;
  };
  view.until = (holds) =>
    new Promise((resolve) => {
      view.waiting = { holds, resolve };
      if (view.records) check();
    });
  view.stop = store.watch(query, (records) => {
    view.records = records;
    check();
  });
  await view.until((records) => records !== undefined);
  return view;
}
