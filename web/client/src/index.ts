export type { Collections, FieldSchema, Fields, Json, ModelSchema, Schema } from './schema.ts';
