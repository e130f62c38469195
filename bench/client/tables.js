import { Table } from './table.js';

const format = (n) => n.toLocaleString('en-US');

/** The tables of a run; `of` gives a contender's median. */
export function tables(contenders, { sizes, times }, samples) {
  const of = (contender, name) => samples.median(`${contender.name} ${name}`);
  const figures = { contenders, sizes, times, of, size: sizes.at(-1), freshet: contenders[0] };
  return [firstSync(figures), reload(figures), writes(figures), changes(figures)];
}

function firstSync({ contenders, of, size, freshet }) {
  const t = new Table(
    `In the browser: first sync of ${format(size)} records`,
    'An empty profile of Chromium, and records of 300 bytes with an index; from when the store is opened. A live query (limit 50, by the index) is open until it has its first rows. ' +
      'Freshet serves from its store, the others from memory: RxDB (Dexie storage, HTTP replication) pages of 1,000 from a server made for this, PouchDB (its indexeddb adapter) pages of 2,000 from express-pouchdb; PouchDB has one turn.',
    ['client', 'first rows, ms', 'last record, ms', 'records/s'],
  );
  for (const c of contenders)
    t.row(c.name, of(c, `first ${size}`), of(c, `last ${size}`), (size / of(c, `last ${size}`)) * 1000);
  const peers = contenders
    .slice(1)
    .map((c) => of(c, `last ${size}`))
    .filter((ms) => !Number.isNaN(ms));
  t.atMost('Freshet, last record', of(freshet, `last ${size}`), 5000, ' ms');
  t.atMost('Freshet, first rows', of(freshet, `first ${size}`), 1000, ' ms');
  t.atLeast(
    'Freshet : the faster peer',
    peers.length ? Math.min(...peers) / of(freshet, `last ${size}`) : Number.NaN,
    3,
    'x',
  );
  return t;
}

function reload({ contenders, of, size, freshet }) {
  const t = new Table(
    `In the browser: reload with nothing changed, ${format(size)} records`,
    'The page is loaded again, some seconds after the sync or the last reload; from when its script opens the store until a live query (limit 50, by an index) has its records, and until the client knows that it has everything. ' +
      'Round trips are requests, sockets opened and messages sent; bytes are those of bodies and messages, without headers.',
    ['client', 'live query, ms', 'up to date, ms', 'round trips', 'bytes sent', 'bytes received'],
  );
  for (const c of contenders) {
    t.row(c.name, ...['live', 'up to date', 'round trips', 'sent', 'received'].map((name) => of(c, name)));
  }
  t.atMost('Freshet, live query', of(freshet, 'live'), 100, ' ms');
  t.atMost('Freshet, bytes received', of(freshet, 'received'), 200, ' B');
  return t;
}

function writes({ contenders, of, size, freshet, times }) {
  const t = new Table(
    `In the browser: writes among ${format(size)} records`,
    `Until an open live query shows a write, online, with 30 ms between the writes, and one right after the other; and until the server has ${format(times.drain)} updates that were made offline. ` +
      "Freshet's writes are on the disk before they show (strict durability); the others are committed with Chromium's default, which does not wait for the disk.",
    ['client', 'write to callback, ms', 'in a row, ms', 'writes drained, ms'],
  );
  for (const c of contenders) t.row(c.name, of(c, 'write'), of(c, 'write in a row'), of(c, 'drain'));
  t.atMost('Freshet, write to callback', of(freshet, 'write'), 5, ' ms');
  t.atMost(`Freshet, ${format(times.drain)} writes drained`, of(freshet, 'drain'), 1000, ' ms');
  return t;
}

function changes({ contenders, of, sizes, freshet }) {
  const t = new Table(
    'In the browser: a change to a live query',
    'Offline, so that nothing else goes on: updates of records in the result, one after the other. Until the query shows it, and how long the main thread of the page was busy for each, the write included. ' +
      'One query has 50 records by an index, the other one all records. PouchDB has no live queries; it asks again after each change.',
    ['client', 'records', '50 of them, ms', 'main thread, ms', 'all, ms', 'main thread, ms'],
  );
  for (const c of contenders) {
    for (const size of sizes) {
      t.row(
        c.name,
        format(size),
        ...['list', 'list busy', 'all', 'all busy'].map((name) => of(c, `${name} ${size}`)),
      );
    }
  }
  const [least, most] = [sizes[0], sizes.at(-1)];
  for (const [what, name] of [
    ['50 of them', 'list busy'],
    ['all', 'all busy'],
  ]) {
    t.atMost(
      `Freshet, main thread, ${what}, ${format(most)} : ${format(least)} records`,
      of(freshet, `${name} ${most}`) / of(freshet, `${name} ${least}`),
      1.5,
      'x',
    );
  }
  return t;
}
