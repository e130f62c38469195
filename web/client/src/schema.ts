/** A value as it stands in JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A record as it is on the wire and in the store: its fields, and `_version`, `_deleted` and `_lastChangedAt`. */
export type Fields = { readonly [name: string]: Json };

/** Tells whether a value is an object of members, and nothing else that JavaScript calls an object. */
export const isFields = (value: unknown): value is Fields =>
  Object.prototype.toString.call(value) === '[object Object]';

/** What `freshet codegen typescript` writes about a schema. */
export interface Schema<C extends Collections = Collections> {
  /** Changes whenever a model, a key, a field or an index does. */
  readonly version: string;
  /** By the name that the client gives their collection: `tasks` for the model Task. */
  readonly collections: { readonly [name in keyof C]: ModelSchema };
  /** The types of the values of non-model types and enums, by their names. */
  readonly objects: { readonly [name: string]: { readonly [field: string]: FieldSchema } };
  readonly enums: { readonly [name: string]: readonly string[] };
  /** Never there: it carries the types. */
  readonly types?: C;
}

/** What TypeScript knows of the collections of a schema. */
export interface Collections {
  [collection: string]: {
    /** A record as it is read. */
    record: object;
    /** The fields of a new record. */
    create: object;
    /** The fields that an update may change; null takes one away. */
    patch: object;
    /** What names a record: the value of the key's field, or the fields of a composite key. */
    key: string | number | object;
  };
}

export interface ModelSchema {
  /** The name in the SDL: Task. */
  readonly model: string;
  /** The fields that make the key, in their order; ["id"] where none was declared. */
  readonly key: readonly string[];
  readonly fields: { readonly [name: string]: FieldSchema };
  /** The fields of each index, in their order. */
  readonly indexes: { readonly [name: string]: readonly string[] };
  readonly conflict: 'AUTOMERGE' | 'OPTIMISTIC' | 'LAST_WRITER';
}

export interface FieldSchema {
  /** The name of a scalar, of an enum or of an object. */
  readonly type: string;
  readonly required?: true;
  readonly list?: true;
  /** A list without order and duplicates. */
  readonly set?: true;
  /** Set by the server alone: createdAt, updatedAt. */
  readonly readonly?: true;
  /** Filled in by the server with who creates the record, where it is absent. */
  readonly owner?: true;
  readonly default?: Json;
}
