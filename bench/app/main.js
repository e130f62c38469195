// Measures the web app in Chromium against the real server, with the app built into it. A figure is the median of
// all rounds.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromiumVersion } from '../client/chromium.js';
import { Samples } from '../client/samples.js';
import { buildFreshet } from '../client/servers/freshet.js';
import { Table } from '../client/table.js';
import { changes, typing } from './changes.js';
import { openServer } from './server.js';
import { tables } from './tables.js';
import { signIn, visits } from './visits.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false }, // few of each: shows that all works, not how fast
    rounds: { type: 'string', default: '7' },
  },
});

const full = {
  tasks: 1000,
  rounds: Number(options.rounds),
  changes: 120,
  typed: { keys: 200, tasks: 20 },
  latency: 2000,
};
const quick = { ...full, rounds: 1, changes: 10, typed: { keys: 20, tasks: 3 } };

async function main() {
  const run = options.quick ? quick : full;
  const work = mkdtempSync(join(tmpdir(), 'freshet-bench-'));
  const samples = new Samples();
  const load = [];
  try {
    const server = await openServer(buildFreshet('../..', work), work, run.tasks);
    try {
      for (let round = 1; round <= run.rounds; round++) {
        progress(`round ${round} of ${run.rounds}`);
        await visits(server, samples);
        await signIn(server, samples);
        load.push(loadavg()[0]);
      }
      progress(`${run.changes} changes`);
      await changes(server, samples, run.changes);
      progress(`${run.typed.keys} keys`);
      await typing(server, samples, run.typed, run.latency);
      load.push(loadavg()[0]);
    } finally {
      await server.stop();
    }
    for (const table of tables(run, samples)) console.log(`${table}\n`);
    console.log(`${machine(load)}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function machine(load) {
  const table = new Table('The app: machine', '', ['what', 'value']);
  table.row('date', new Date().toISOString().slice(0, 10));
  table.row('cores', cpus().length);
  table.row('load while it ran', `${Math.min(...load).toFixed(1)} to ${Math.max(...load).toFixed(1)}`);
  table.row('Chromium', chromiumVersion());
  table.row('Node', process.version);
  return table;
}

function progress(text) {
  console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
}

await main();
