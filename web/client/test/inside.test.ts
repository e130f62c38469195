import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const { inside } = (await import(join(import.meta.dirname, '../inside.mjs'))) as { inside: string[] };

const source = join(import.meta.dirname, '../src/');
/** The modules of what is exported, and of what is stored, is sent, and is told between tabs. */
const modules = ['index', 'accounts', 'wire', 'row'];
const types = { frames: ['Place'], 'tree/log': ['Run', 'Directory'], tabs: ['Notice'], unseen: ['Unseen'] };

test('no name that the build shortens is known to anybody else', { timeout: 60_000 }, () => {
  const files = [...modules, ...Object.keys(types)].map((name) => join(source, `${name}.ts`));
  const options = { strict: true, noEmit: true, allowImportingTsExtensions: true, skipLibCheck: true };
  const target = { target: ts.ScriptTarget.ES2022, moduleResolution: ts.ModuleResolutionKind.Bundler };
  const program = ts.createProgram(files, { ...options, ...target, module: ts.ModuleKind.ESNext });
  const checker = program.getTypeChecker();
  const names = new Set<string>();
  const seen = new Set<ts.Type>();

  function walk(type: ts.Type): void {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.isUnionOrIntersection()) type.types.forEach(walk);
    for (const member of checker.getPropertiesOfType(type)) {
      if (!member.declarations?.some((at) => at.getSourceFile().fileName.startsWith(source))) continue;
      names.add(member.name);
      walk(checker.getTypeOfSymbol(member));
    }
    for (const call of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      walk(call.getReturnType());
      for (const parameter of call.parameters) walk(checker.getTypeOfSymbol(parameter));
    }
    for (const index of checker.getIndexInfosOfType(type)) walk(index.type);
    for (const argument of checker.getTypeArguments(type as ts.TypeReference)) walk(argument);
  }

  for (const file of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    const [, only] = Object.entries(types).find(([name]) => file === join(source, `${name}.ts`)) ?? [];
    for (const exported of checker.getExportsOfModule(module)) {
      if (only && !only.includes(exported.name)) continue;
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      walk(checker.getDeclaredTypeOfSymbol(symbol));
      walk(checker.getTypeOfSymbol(symbol));
    }
  }
  for (const known of ['endpoint', 'recordVersion', 'folded', 'doubt', 'observe', 'mark', 'sent']) {
    expect([...names]).toContain(known); // it does look everywhere
  }
  expect(inside.filter((name) => names.has(name))).toEqual([]);

  const texts = new Set<string>();
  const read = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.add(node.text);
    ts.forEachChild(node, read);
  };
  for (const file of program.getSourceFiles()) if (file.fileName.startsWith(source)) read(file);
  expect([...texts]).toContain('catchUp'); // a state, by whose name there are members
  expect(inside.filter((name) => texts.has(name))).toEqual([]);
});
