// Builds dist: one minified module with idb in it, for pages without a build step too, and the types.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const budget = 20 * 1024; // bytes, compressed

rmSync('dist', { recursive: true, force: true });
const result = await build({
  entryPoints: ['src/index.ts'],
  outfile: 'dist/index.js',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  write: true,
  metafile: true,
});
execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });

const size = gzipSync(readFileSync('dist/index.js'), { level: 9 }).length;
console.log(`@freshet/client: ${size} bytes compressed, of ${budget}`);
if (size > budget) {
  const parts = Object.entries(Object.values(result.metafile.outputs).at(-1).inputs);
  for (const [file, { bytesInOutput }] of parts
    .sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput)
    .slice(0, 12)) {
    console.error(`${bytesInOutput}\t${file}`);
  }
  process.exit(1);
}
