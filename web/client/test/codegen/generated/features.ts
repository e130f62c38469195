// Made by `freshet codegen typescript` from features.graphql. Change that, and make this again.
import type { Schema } from '@freshet/client';

/** How large. */
export type Kind =
  | 'SMALL'
  /** Needs two people. */
  | 'LARGE';

/** Where somebody lives. */
export interface Address {
  /** The street and the number. */
  readonly street: string;
  readonly zip?: number | null;
  readonly position?: Position | null;
}

export interface Position {
  readonly lat: number;
  readonly lon: number;
}

/**
 * A place in a shop.
 * With a second line, and *\/ in it.
 */
export interface Item {
  /** The shop. */
  readonly shop: string;
  readonly row: number;
  readonly shelf: string;
  readonly name: string;
  readonly price?: number | null;
  readonly count: number;
  readonly open: boolean;
  readonly note?: string | null;
  readonly kind: Kind;
  readonly kinds: readonly Kind[];
  readonly tags?: readonly (string | null)[] | null;
  readonly sizes?: readonly (readonly number[] | null)[] | null;
  readonly home?: Address | null;
  readonly homes?: readonly Address[] | null;
  readonly keeper: string;
  readonly helpers: readonly string[];
  readonly seen?: number | null;
  readonly day?: string | null;
  readonly more?: string | null;
  readonly createdAt?: string | null;
  readonly updatedAt: string;
  /** Grows by 1 with each write of the record. */
  readonly _version: number;
  /** True for a record that was deleted. */
  readonly _deleted?: boolean | null;
  /** When the record was written last, in milliseconds. */
  readonly _lastChangedAt: number;
}

/** The fields of a new record. */
export interface ItemCreate {
  /** The shop. */
  readonly shop: string;
  readonly row: number;
  readonly shelf: string;
  readonly name: string;
  readonly price?: number | null;
  readonly count?: number;
  readonly open?: boolean;
  readonly note?: string | null;
  readonly kind?: Kind;
  readonly kinds: readonly Kind[];
  readonly tags?: readonly (string | null)[] | null;
  readonly sizes?: readonly (readonly number[] | null)[] | null;
  readonly home?: Address | null;
  readonly homes?: readonly Address[] | null;
  readonly keeper?: string;
  readonly helpers: readonly string[];
  readonly seen?: number | null;
  readonly day?: string | null;
  readonly more?: string | null;
  readonly createdAt?: string | null;
}

/** What an update may change; null takes a value away. */
export interface ItemPatch {
  readonly name?: string;
  readonly price?: number | null;
  readonly count?: number;
  readonly open?: boolean;
  readonly note?: string | null;
  readonly kind?: Kind;
  readonly kinds?: readonly Kind[];
  readonly tags?: readonly (string | null)[] | null;
  readonly sizes?: readonly (readonly number[] | null)[] | null;
  readonly home?: Address | null;
  readonly homes?: readonly Address[] | null;
  readonly keeper?: string;
  readonly helpers?: readonly string[];
  readonly seen?: number | null;
  readonly day?: string | null;
  readonly more?: string | null;
  readonly createdAt?: string | null;
}

/** What names a record. */
export interface ItemKey {
  readonly shop: string;
  readonly row: number;
  readonly shelf: string;
}

export interface Counter {
  readonly number: number;
  readonly owner?: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Grows by 1 with each write of the record. */
  readonly _version: number;
  /** True for a record that was deleted. */
  readonly _deleted?: boolean | null;
  /** When the record was written last, in milliseconds. */
  readonly _lastChangedAt: number;
}

/** The fields of a new record. */
export interface CounterCreate {
  readonly number: number;
}

/** What an update may change; null takes a value away. */
export type CounterPatch = Record<string, never>;

/** What names a record. */
export type CounterKey = number;

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Grows by 1 with each write of the record. */
  readonly _version: number;
  /** True for a record that was deleted. */
  readonly _deleted?: boolean | null;
  /** When the record was written last, in milliseconds. */
  readonly _lastChangedAt: number;
}

/** The fields of a new record. */
export interface PersonCreate {
  readonly id?: string;
  readonly email: string;
}

/** What an update may change; null takes a value away. */
export interface PersonPatch {
  readonly email?: string;
}

/** What names a record. */
export type PersonKey = string;

/** What a client is made with. */
export const schema: Schema<{
  items: { record: Item; create: ItemCreate; patch: ItemPatch; key: ItemKey };
  counters: { record: Counter; create: CounterCreate; patch: CounterPatch; key: CounterKey };
  people: { record: Person; create: PersonCreate; patch: PersonPatch; key: PersonKey };
}> = {
  version: 'f0e005df75d237ac',
  collections: {
    items: {
      model: 'Item',
      key: ['shop', 'row', 'shelf'],
      fields: {
        shop: { type: 'ID', required: true },
        row: { type: 'Int', required: true },
        shelf: { type: 'String', required: true },
        name: { type: 'String', required: true },
        price: { type: 'Float', default: 1.5 },
        count: { type: 'Int', required: true, default: 0 },
        open: { type: 'Boolean', required: true, default: true },
        note: { type: 'String', default: 'it\'s \\ "so"' },
        kind: { type: 'Kind', required: true, default: 'SMALL' },
        kinds: { type: 'Kind', required: true, list: true, set: true },
        tags: { type: 'String', list: true, set: true },
        sizes: { type: 'Int', list: true },
        home: { type: 'Address' },
        homes: { type: 'Address', list: true },
        keeper: { type: 'String', required: true, owner: true },
        helpers: { type: 'String', required: true, list: true },
        seen: { type: 'AWSTimestamp' },
        day: { type: 'AWSDate' },
        more: { type: 'AWSJSON' },
        createdAt: { type: 'AWSDateTime' },
        updatedAt: { type: 'AWSDateTime', required: true, readonly: true },
      },
      indexes: {
        'by-name': ['name', 'price'],
        byKind: ['kind'],
      },
      conflict: 'OPTIMISTIC',
    },
    counters: {
      model: 'Counter',
      key: ['number'],
      fields: {
        number: { type: 'Int', required: true },
        owner: { type: 'String', readonly: true, owner: true },
        createdAt: { type: 'AWSDateTime', required: true, readonly: true },
        updatedAt: { type: 'AWSDateTime', required: true, readonly: true },
      },
      indexes: {},
      conflict: 'LAST_WRITER',
    },
    people: {
      model: 'person',
      key: ['id'],
      fields: {
        id: { type: 'ID', required: true },
        email: { type: 'AWSEmail', required: true },
        createdAt: { type: 'AWSDateTime', required: true, readonly: true },
        updatedAt: { type: 'AWSDateTime', required: true, readonly: true },
      },
      indexes: {},
      conflict: 'AUTOMERGE',
    },
  },
  objects: {
    Address: {
      street: { type: 'String', required: true },
      zip: { type: 'Int' },
      position: { type: 'Position' },
    },
    Position: {
      lat: { type: 'Float', required: true },
      lon: { type: 'Float', required: true },
    },
  },
  enums: {
    Kind: ['SMALL', 'LARGE'],
  },
};
