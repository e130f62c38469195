import { existsSync, readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** Whether the packages have been built: what is shown to readers is what they make. */
export const built = ['client', 'react'].every((name) =>
  existsSync(join(root, 'web', name, 'dist/index.js')),
);

/** A block of code in a document. Its first line is ```language note. */
export interface Block {
  readonly language: string;
  readonly note: string;
  readonly text: string;
}

export function blocksOf(document: string): Block[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, language, note, text]) => ({
    language: language!,
    note: note!,
    text: text!,
  }));
}

const types: { readonly [extension: string]: string } = { '.html': 'text/html', '.js': 'text/javascript' };

/** Serves the files of a directory, as any static server does. */
export const filesOf =
  (directory: string): RequestListener =>
  (request, response) => {
    const path = join(directory, normalize(new URL(request.url!, 'http://site').pathname));
    const type = types[extname(path)];
    if (!type || !existsSync(path)) return void response.writeHead(404).end();
    response.setHeader('content-type', type).end(readFileSync(path));
  };
