import { setTimeout as sleep } from 'node:timers/promises';
import { openTab } from './browser.js';
import { recorded } from './profile.js';
import { records } from './records.js';
import { watchTraffic } from './traffic.js';

const pause = 30; // milliseconds, in which a write goes to the server and comes back

/** What a page of an app shows. */
const list = { project: 'project-7', limit: 50 };

/** One contender's turn: a new server, a new browser, all figures in their order. */
export async function session(contender, run, samples) {
  for (const size of run.sizes) {
    run.progress(`  ${contender.name}, ${size} records`);
    const server = await contender.serve(size);
    const tab = await openTab(`${run.origin}/${contender.page}`);
    const turn = {
      ...run,
      contender,
      size,
      server,
      tab,
      add: (name, ...v) => samples.add(`${contender.name} ${name}`, ...v),
    };
    try {
      await firstSync(turn);
      await changes(turn);
      if (size !== run.sizes.at(-1)) continue;
      await reloads(turn);
      await writes(turn);
      await drain(turn);
    } finally {
      await tab.close();
      await server.stop();
    }
  }
}

async function firstSync({ tab, server, size, add, profile, contender }) {
  const { rows, all, count } = await recorded(
    profile && `${profile}/${contender.page}-sync-${size}`,
    tab,
    () => tab.measure('firstSync', server.config, list),
  );
  if (count !== size) throw new Error(`${contender.name} has ${count} records and not ${size}`);
  add(`first ${size}`, rows);
  add(`last ${size}`, all);
}

/** Once to send what waits, once with the traffic counted, and then without, for the time. */
async function reloads({ tab, server, add, times, profile, contender }) {
  await tab.load();
  await tab.measure('reload', server.config, list);
  await quiet(tab);
  await tab.load();
  const stop = watchTraffic(tab.page);
  await tab.measure('reload', server.config, list);
  await sleep(1000); // for what is said when all is up to date
  const { roundTrips, sent, received } = await stop();
  add('round trips', roundTrips);
  add('sent', sent);
  add('received', received);
  for (let n = 0; n < times.reload; n++) {
    await tab.load();
    const measure = () => tab.measure('reload', server.config, list);
    const { live, upToDate } = await recorded(
      n === 0 && profile && `${profile}/${contender.page}-reload`,
      tab,
      measure,
    );
    add('live', live);
    add('up to date', upToDate);
  }
}

async function writes({ tab, add, times, profile, contender }) {
  await tab.measure('follow', list);
  await quiet(tab);
  add('write', ...(await tab.measure('writes', times.writes, pause)));
  const measure = () => tab.measure('writes', times.writes);
  add('write in a row', ...(await recorded(profile && `${profile}/${contender.page}-writes`, tab, measure)));
}

async function drain({ tab, server, size, add, contender, times, profile }) {
  const ids = records(size)
    .slice(0, times.drain)
    .map(({ id }) => id);
  const title = `Drained ${Date.now()}`;
  const measure = () => tab.measure('drain', ids, title);
  add('drain', await recorded(profile && `${profile}/${contender.page}-drain`, tab, measure));
  const held = await server.holds(title);
  if (held !== ids.length) throw new Error(`${contender.name}'s server has ${held} of ${ids.length} writes`);
}

/** The cost of a change to a live query, offline: until the query shows it, and of the page's main thread. */
async function changes({ tab, size, add, times, profile, contender }) {
  await tab.measure('stop');
  for (const [name, query] of Object.entries({ list, all: {} })) {
    await tab.measure('follow', query);
    await tab.measure('writes', 5); // code is compiled
    await quiet(tab);
    const before = await tab.busy();
    const measure = () => tab.measure('writes', times.changes);
    const file = profile && `${profile}/${contender.page}-${name}-${size}`;
    const took = await recorded(file, tab, measure);
    add(`${name} ${size}`, ...took);
    add(`${name} busy ${size}`, ((await tab.busy()) - before) / took.length);
  }
}

/** Waits until the page has done what a client does when nothing is asked of it. */
async function quiet(tab) {
  let before;
  let after = await tab.busy();
  do {
    before = after;
    await sleep(2000);
    after = await tab.busy();
  } while (after - before > 100);
}
