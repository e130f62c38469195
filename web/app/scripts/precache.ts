import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** Tells the service worker what the app consists of: the files of this build and those of `public`. */
export function precache(): Plugin {
  let folder = '';
  return {
    name: 'precache',
    apply: 'build',
    configResolved({ publicDir }) {
      folder = publicDir;
    },
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = bundle['sw.js'];
        if (worker?.type !== 'chunk') this.error('there is no service worker');
        const hash = createHash('sha256');
        const files: string[] = [];
        for (const file of Object.values(bundle).sort((a, b) => (a.fileName < b.fileName ? -1 : 1))) {
          if (/^sw\.js|\.map$|^\.vite/.test(file.fileName)) continue;
          files.push(`/${file.fileName}`);
          hash.update(file.type === 'chunk' ? file.code : file.source);
        }
        for (const name of readdirSync(folder)) {
          files.push(`/${name}`);
          hash.update(readFileSync(join(folder, name)));
        }
        hash.update(worker.code);
        worker.code = worker.code
          .replace('__FILES__', JSON.stringify(files))
          .replace('__BUILD__', JSON.stringify(hash.digest('hex').slice(0, 16)));
      },
    },
  };
}
