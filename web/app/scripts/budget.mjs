// Holds what a first visit loads to a budget: the entry and all that it imports at once, compressed.
import { readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const budget = 180 * 1024; // bytes of JavaScript, compressed

const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'));
const first = new Set();
const visit = (name) => {
  if (first.has(name)) return;
  first.add(name);
  manifest[name].imports?.forEach(visit);
};
visit('index.html');

const size = (file) => gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length;
const kB = (bytes) => `${(bytes / 1024).toFixed(1)} kB`;
let total = 0;
for (const name of first) total += size(manifest[name].file);
console.log(`first load: ${kB(total)} of JavaScript compressed, of ${kB(budget)}`);
for (const [name, { file, isDynamicEntry }] of Object.entries(manifest)) {
  if (isDynamicEntry) console.log(`  later: ${name} ${kB(size(file))}`);
}
rmSync('dist/.vite', { recursive: true }); // it is not for who visits
if (total > budget) process.exit(1);
