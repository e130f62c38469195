export { apiKey, type Credentials, tokens } from './auth/credentials.ts';
export { type AuthCode, AuthError } from './auth/error.ts';
export {
  type AuthEnvironment,
  createSession,
  type NewAccount,
  type Profile,
  type Session,
  type SessionOptions,
} from './auth/session.ts';
export type { Factor, Step } from './auth/signin.ts';
export type { TokenStorage } from './auth/store.ts';
export { type Client, type ClientOptions, type Core, createClient, type List } from './client.ts';
export type { Collection, ConditionOption, Patch, Writer } from './collection.ts';
export type { Conflict, Resolve } from './conflicts.ts';
export { type Disk, type DiskChange, StorageFullError, StorageLostError } from './disk.ts';
export { type Environment, platform } from './environment.ts';
export { FreshetError } from './errors.ts';
export type { Storage } from './local.ts';
export { memoryDisk, type Platter } from './memory-disk.ts';
export type { OutboxEntry } from './outbox.ts';
export { QueryError } from './query/operators.ts';
export type { OrderBy } from './query/order.ts';
export type { Query } from './query/plan.ts';
export type { Operators, Where } from './query/where.ts';
export type { Rejected } from './rejected.ts';
export type { Collections, FieldSchema, Fields, Json, ModelSchema, Schema } from './schema.ts';
export type { Status } from './status.ts';
export type { Migrate, Migration } from './upgrade.ts';
export type { ErrorCode } from './wire.ts';
