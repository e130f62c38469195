// Builds dist: one minified module without React and the client in it, and the types.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const budget = 3 * 1024; // bytes, compressed

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/index.ts'],
  outfile: 'dist/index.js',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  external: ['react', 'react/jsx-runtime', '@freshet/client'],
});
execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
const size = gzipSync(readFileSync('dist/index.js'), { level: 9 }).length;
console.log(`@freshet/react: ${size} bytes compressed, of ${budget}`);
if (size > budget) process.exit(1);
