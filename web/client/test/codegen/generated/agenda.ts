// Made by `freshet codegen typescript` from agenda.graphql. Change that, and make this again.
import type { Schema } from '@freshet/client';

/** An event in the agenda of a user. */
export interface EventsTable {
  /** The user whose agenda it is in. */
  readonly user_id: number;
  /** The number of the event, among those of its user. */
  readonly id: number;
  /** When it begins: a date and time of ISO 8601, like 2026-12-01T09:00:00Z. */
  readonly dt_start?: string | null;
  /** When it ends, in the same form. */
  readonly dt_end?: string | null;
  /** What happens, in a few words. */
  readonly title?: string | null;
  /** More about it, as text. */
  readonly description?: string | null;
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
export interface EventsTableCreate {
  /** The user whose agenda it is in. */
  readonly user_id: number;
  /** The number of the event, among those of its user. */
  readonly id: number;
  /** When it begins: a date and time of ISO 8601, like 2026-12-01T09:00:00Z. */
  readonly dt_start?: string | null;
  /** When it ends, in the same form. */
  readonly dt_end?: string | null;
  /** What happens, in a few words. */
  readonly title?: string | null;
  /** More about it, as text. */
  readonly description?: string | null;
}

/** What an update may change; null takes a value away. */
export interface EventsTablePatch {
  /** When it begins: a date and time of ISO 8601, like 2026-12-01T09:00:00Z. */
  readonly dt_start?: string | null;
  /** When it ends, in the same form. */
  readonly dt_end?: string | null;
  /** What happens, in a few words. */
  readonly title?: string | null;
  /** More about it, as text. */
  readonly description?: string | null;
}

/** What names a record. */
export interface EventsTableKey {
  readonly user_id: number;
  readonly id: number;
}

/** What a client is made with. */
export const schema: Schema<{
  eventsTables: { record: EventsTable; create: EventsTableCreate; patch: EventsTablePatch; key: EventsTableKey };
}> = {
  version: '190bee17d6bf4a34',
  collections: {
    eventsTables: {
      model: 'EventsTable',
      key: ['user_id', 'id'],
      fields: {
        user_id: { type: 'Int', required: true },
        id: { type: 'Int', required: true },
        dt_start: { type: 'String' },
        dt_end: { type: 'String' },
        title: { type: 'String' },
        description: { type: 'String' },
        createdAt: { type: 'AWSDateTime', required: true, readonly: true },
        updatedAt: { type: 'AWSDateTime', required: true, readonly: true },
      },
      indexes: {},
      conflict: 'AUTOMERGE',
    },
  },
  objects: {},
  enums: {},
};
