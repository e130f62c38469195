import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { Collections, Schema } from '../../src/schema.ts';
import * as agenda from './generated/agenda.ts';
import * as features from './generated/features.ts';
import * as workspace from './generated/workspace.ts';

const client = fileURLToPath(new URL('../..', import.meta.url));

/** What the compiler has to say about a module that stands beside the generated ones. */
function compile(text: string): string[] {
  const config = ts.readConfigFile(join(client, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, client);
  const file = join(dirname(fileURLToPath(import.meta.url)), 'generated', 'probe.ts');
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n').split('\n')[0]!);
}

describe('a generated module', () => {
  test('compiles, and takes what the schema takes and nothing else', { timeout: 60_000 }, () => {
    const imports = `
      import type { Counter, CounterPatch, Item, ItemCreate, ItemKey, ItemPatch } from './features.ts';
      import type { TaskCreate } from './workspace.ts';
      import './agenda.ts';
      declare const item: Item;`;
    const may = `
      export const task: TaskCreate = { title: 'Paint', status: 'DONE', due: null, sharedWith: ['ben', null] };
      export const made: ItemCreate = { shop: 'a', row: 1, shelf: 'b', name: 'c', kinds: ['LARGE'], helpers: [], sizes: [[1], null] };
      export const patch: ItemPatch = { price: null, home: { street: 'x', position: null } };
      export const key: ItemKey = { shop: 'a', row: 1, shelf: 'b' };
      export const none: CounterPatch = {};
      export const kind: 'SMALL' | 'LARGE' = item.kind;`;
    expect(compile(imports + may)).toEqual([]);
    const mayNot: [string, RegExp][] = [
      ['const t: TaskCreate = {}', /title/],
      ["const t: TaskCreate = { title: 'a', status: 'LATE' }", /LATE/],
      ["const t: TaskCreate = { title: 'a', createdAt: '' }", /createdAt/],
      ['const p: ItemPatch = { name: null }', /null/],
      ['const p: ItemPatch = { row: 2 }', /row/],
      ['const p: ItemPatch = { home: {} }', /street/],
      ['const k: ItemKey = { shop: 1, row: 1, shelf: "b" }', /number/],
      ["const c: CounterPatch = { owner: 'ana' }", /never/],
      ["item.name = 'b'", /read-only/],
      ['const price: number = item.price', /undefined|null/],
    ];
    const lines = mayNot.map(([line]) => `\n{ ${line}; }`);
    const faults = compile(imports + lines.join(''));
    expect(faults).toHaveLength(mayNot.length);
    mayNot.forEach(([line, fault], i) => {
      expect(faults[i], line).toMatch(fault);
    });
  });

  test('has a schema that the client takes, with the types of its collections', () => {
    expectTypeOf(workspace.schema).toExtend<Schema<Collections>>();
    expectTypeOf(features.schema).toExtend<Schema<Collections>>();
    type Types = NonNullable<typeof features.schema.types>;
    expectTypeOf<Types['items']['record']>().toEqualTypeOf<features.Item>();
    expectTypeOf<Types['items']['key']>().toEqualTypeOf<features.ItemKey>();
    expectTypeOf<Types['counters']['key']>().toEqualTypeOf<number>();
    expectTypeOf<Types['people']['create']>().toEqualTypeOf<features.PersonCreate>();
  });

  test('describes the models to the client', () => {
    expect(Object.keys(workspace.schema.collections)).toEqual(['tasks', 'events', 'calendars']);
    expect(workspace.schema.collections.tasks).toMatchObject({
      model: 'Task',
      key: ['id'],
      indexes: { byStatus: ['status'], byOwnerAndDue: ['owner', 'due'] },
      conflict: 'AUTOMERGE',
    });
    expect(workspace.schema.enums).toEqual({ TaskStatus: ['OPEN', 'IN_PROGRESS', 'DONE'] });
    expect(agenda.schema.collections.eventsTables.key).toEqual(['user_id', 'id']);
    const { fields } = features.schema.collections.items;
    expect(fields.note).toEqual({ type: 'String', default: 'it\'s \\ "so"' });
    expect(fields.open).toEqual({ type: 'Boolean', required: true, default: true });
    expect(fields.keeper).toEqual({ type: 'String', required: true, owner: true });
    expect(fields.helpers).toEqual({ type: 'String', required: true, list: true });
    expect(fields.tags).toEqual({ type: 'String', list: true, set: true });
    expect(fields.updatedAt).toEqual({ type: 'AWSDateTime', required: true, readonly: true });
    expect(features.schema.objects.Address?.position).toEqual({ type: 'Position' });
  });
});
