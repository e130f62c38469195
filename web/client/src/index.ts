export { apiKey, type Credentials, tokens } from './auth/credentials.ts';
export { type AuthCode, AuthError } from './auth/error.ts';
export {
  createSession,
  type NewAccount,
  type Profile,
  type Session,
  type SessionOptions,
} from './auth/session.ts';
export type { Factor, Step } from './auth/signin.ts';
export type { TokenStorage } from './auth/store.ts';
export type { Collections, FieldSchema, Fields, Json, ModelSchema, Schema } from './schema.ts';
