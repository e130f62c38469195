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
export { tokens } from './auth/tokens.ts';
