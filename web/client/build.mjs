// Builds dist: one minified module for the client, for pages without a build step too, one for the accounts, and the types.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';
import { inside } from './inside.mjs';

const budgets = { index: 20 * 1024, accounts: 5 * 1024 }; // bytes, compressed

/** An AuthError is the same class in both modules: the accounts take it from the client. */
const oneError = {
  name: 'one-error',
  setup({ onResolve }) {
    onResolve({ filter: /\/error\.ts$/ }, () => ({ path: './index.js', external: true }));
  },
};

/** Minifies a module, and gives its size compressed. */
async function write(name, plugins) {
  const file = `dist/${name}.js`;
  const { outputFiles, metafile } = await build({
    entryPoints: [`src/${name}.ts`],
    outfile: file,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    mangleProps: new RegExp(`^(${inside.join('|')})$`),
    sourcemap: 'external',
    write: false,
    metafile: true,
    plugins,
  });
  const [map, code] = outputFiles.map(({ text }) => text);
  const minified = await minify(code, {
    module: true,
    ecma: 2022,
    compress: {
      passes: 5,
      unsafe: true, // String(x) is x + '', which no symbol survives
      unsafe_arrows: true,
      pure_getters: true,
      keep_fargs: false,
      hoist_funs: true,
      lhs_constants: false,
    },
    sourceMap: { content: map, url: `${name}.js.map` },
  });
  writeFileSync(file, minified.code);
  writeFileSync(`${file}.map`, minified.map);
  check(name, gzipSync(minified.code, { level: 9 }).length, metafile.outputs[file].inputs);
}

function check(name, size, inputs) {
  const budget = budgets[name];
  console.log(`@freshet/client: ${name} has ${size} bytes compressed, of ${budget}`);
  if (size <= budget) return;
  process.exitCode = 1;
  const parts = Object.entries(inputs).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput);
  for (const [file, { bytesInOutput }] of parts.slice(0, 12)) console.error(`${bytesInOutput}\t${file}`);
}

rmSync('dist', { recursive: true, force: true });
execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
await write('index', []);
await write('accounts', [oneError]);
