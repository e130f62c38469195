// Measures @freshet/client in Chromium beside RxDB and PouchDB, in one run on one machine: the contenders take
// turns, and a figure is the median over all rounds.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle, servePages } from './browser.js';
import { chromiumVersion } from './chromium.js';
import { Samples } from './samples.js';
import { buildFreshet, serveFreshet } from './servers/freshet.js';
import { servePeer } from './servers/memory.js';
import { session } from './session.js';
import { Table } from './table.js';
import { tables } from './tables.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false }, // small sizes: shows that all works, not how fast
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'freshet,rxdb,pouchdb' },
    source: { type: 'string', default: '../..' }, // the tree whose client and server are measured
    profile: { type: 'string' }, // a directory for CPU profiles; the bundles are not minified then
  },
});

const full = { sizes: [1000, 10_000, 100_000], times: { reload: 5, writes: 200, drain: 1000, changes: 100 } };
const quick = { sizes: [1000, 5000], times: { reload: 2, writes: 20, drain: 200, changes: 20 } };

async function main() {
  const source = resolve(options.source);
  const work = mkdtempSync(join(tmpdir(), 'freshet-bench-'));
  if (options.profile) mkdirSync(options.profile, { recursive: true });
  try {
    const binary = buildFreshet(source, work);
    const pages = await servePages(await scripts(source, work, binary));
    const load = [loadavg()[0]];
    const run = {
      ...(options.quick ? quick : full),
      origin: pages.origin,
      profile: options.profile,
      progress,
    };
    const chosen = contenders(binary, work).filter(({ page }) => options.only.split(',').includes(page));
    const samples = new Samples();
    const rounds = options.quick ? 1 : Number(options.rounds);
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1} of ${rounds}`);
      for (let i = 0; i < chosen.length; i++) {
        const contender = chosen[(round + i) % chosen.length];
        if (round > 0 && contender.once) continue;
        await session(contender, run, samples);
        load.push(loadavg()[0]);
      }
    }
    for (const table of tables(contenders(binary, work), run, samples)) console.log(`${table}\n`);
    console.log(`${machine(load)}`);
    pages.close();
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** One whose turn takes many minutes has it once. */
function contenders(binary, work) {
  return [
    { name: 'Freshet', page: 'freshet', serve: (count) => serveFreshet(binary, work, count) },
    { name: 'RxDB', page: 'rxdb', serve: (count) => servePeer('rxdb', count) },
    { name: 'PouchDB', page: 'pouchdb', serve: (count) => servePeer('pouchdb', count, '/tasks'), once: true },
  ];
}

/** The client is bundled from its built module or, to be profiled, from its source, whose functions have names. */
async function scripts(source, work, binary) {
  const schema = join(work, 'schema.ts');
  execFileSync(binary, ['codegen', 'typescript', '--schema', 'tasks.graphql', '--out', schema]);
  const client = join(source, 'web/client', options.profile ? 'src/index.ts' : 'dist/index.js');
  const alias = { '@freshet/client': client, schema };
  return bundle(['freshet', 'rxdb', 'pouchdb'], { alias, minify: !options.profile });
}

function machine(load) {
  const table = new Table('In the browser: machine', '', ['what', 'value']);
  table.row('date', new Date().toISOString().slice(0, 10));
  table.row('cores', cpus().length);
  table.row('load while it ran', `${Math.min(...load).toFixed(1)} to ${Math.max(...load).toFixed(1)}`);
  table.row('Chromium', chromiumVersion());
  table.row('Node', process.version);
  for (const name of ['rxdb', 'pouchdb-core', 'express-pouchdb']) {
    const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
    table.row(name, `v${version}`);
  }
  return table;
}

function progress(text) {
  console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
}

await main();
