import type { FieldSchema, ModelSchema, Schema } from '../../src/index.ts';

/** A record of any of the models. */
export interface Doc {
  readonly id: string;
  readonly title?: string | null;
  readonly text?: string | null;
  readonly tags?: readonly string[] | null;
  readonly due?: string | null;
  readonly sharedWith?: readonly string[] | null;
  readonly team?: string | null;
  readonly _version: number;
}

export type DocPatch = Partial<Omit<Doc, 'id' | '_version'>>;
type Of = { record: Doc; create: DocPatch & { id: string }; patch: DocPatch; key: string };

/** Who sees a note is for its owner to say; who sees a board or a plan is told by groups. Plans take no stale write. */
export const sdl = `
type Note @model @auth(rules: [
  {allow: owner}
  {allow: owner, ownerField: "sharedWith", operations: [read, update]}
  {allow: public}
]) { title: String, text: String, tags: [String], due: AWSDateTime, owner: String, sharedWith: [String] }

type Board @model @auth(rules: [{allow: groups, groupsField: "team"} {allow: public}]) {
  title: String, text: String, tags: [String], due: AWSDateTime, team: String
}

type Plan @model @conflict(strategy: OPTIMISTIC) @auth(rules: [{allow: groups, groupsField: "team"} {allow: public}]) {
  title: String, text: String, tags: [String], due: AWSDateTime, team: String
}`;

const text: FieldSchema = { type: 'String' };
const list: FieldSchema = { type: 'String', list: true };
const time: FieldSchema = { type: 'AWSDateTime', required: true, readonly: true };

const model = (
  name: string,
  conflict: ModelSchema['conflict'],
  own: { [name: string]: FieldSchema },
): ModelSchema => ({
  model: name,
  key: ['id'],
  fields: {
    id: { type: 'ID', required: true },
    title: text,
    text,
    tags: list,
    due: { type: 'AWSDateTime' },
    ...own,
    createdAt: time,
    updatedAt: time,
  },
  indexes: {},
  conflict,
});

export const schema: Schema<{ notes: Of; boards: Of; plans: Of }> = {
  version: '1',
  collections: {
    notes: model('Note', 'AUTOMERGE', { owner: { type: 'String', owner: true }, sharedWith: list }),
    boards: model('Board', 'AUTOMERGE', { team: text }),
    plans: model('Plan', 'OPTIMISTIC', { team: text }),
  },
  objects: {},
  enums: {},
};

export type Name = keyof typeof names;
export const names = { notes: 'Note', boards: 'Board', plans: 'Plan' } as const;

const fieldsOf = { notes: 'owner sharedWith', boards: 'team', plans: 'team' };

/** The request for everything that somebody is shown; with `$filter` for a part of it. */
export const listing = `query($filter: ID) { ${Object.entries(names)
  .map(
    ([name, of]) =>
      `${name}: list${of}s(limit: 1000, filter: { id: { beginsWith: $filter } }) { items { id title text tags due ${fieldsOf[name as Name]} createdAt updatedAt _version _lastChangedAt } }`,
  )
  .join(' ')} }`;
