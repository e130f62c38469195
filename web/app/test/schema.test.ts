import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

test('the generated schema is that of the workspace', { timeout: 120_000 }, () => {
  const now = execFileSync(
    'go',
    ['run', './cmd/freshet', 'codegen', 'typescript', '--schema', 'schemas/workspace.graphql'],
    {
      cwd: path('../../..'),
      encoding: 'utf8',
    },
  );
  expect(readFileSync(path('../src/generated/schema.ts'), 'utf8')).toBe(now); // npm run schema
});
