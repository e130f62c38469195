import { AuthError } from './auth/error.ts';
import type { ErrorCode } from './wire.ts';

/** The one error that the client throws itself. */
export class FreshetError extends Error {
  override readonly name = 'FreshetError';

  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Gives the code of an error; `unavailable` for those of the network and of the platform. */
export function codeOf(error: unknown): ErrorCode {
  if (error instanceof AuthError && error.code === 'SignedOut') return 'unauthenticated';
  return error instanceof FreshetError ? error.code : 'unavailable';
}
