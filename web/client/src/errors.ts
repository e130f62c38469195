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

/** The server does not take the headers that were to prove who asks. They are secret: no log shows them. */
export class Denied extends FreshetError {
  readonly #headers: Record<string, string>;

  constructor(message: string, headers: Record<string, string>) {
    super('unauthenticated', message);
    this.#headers = headers;
  }

  get headers(): Record<string, string> {
    return this.#headers;
  }
}

/** Gives the headers that an error is about; none where there were none to send. */
export const refusedBy = (error: unknown): Record<string, string> =>
  error instanceof Denied ? error.headers : {};

/** Gives the code of an error; `unavailable` for those of the network and of the platform. */
export function codeOf(error: unknown): ErrorCode {
  if (error instanceof AuthError && error.code === 'SignedOut') return 'unauthenticated';
  return error instanceof FreshetError ? error.code : 'unavailable';
}
