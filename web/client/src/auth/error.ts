/** The names of Cognito's exceptions, as the server uses them. */
type Refusal =
  | 'AliasExists'
  | 'CodeDeliveryFailure'
  | 'CodeMismatch'
  | 'EnableSoftwareTokenMFA'
  | 'ExpiredCode'
  | 'InternalError'
  | 'InvalidParameter'
  | 'InvalidPassword'
  | 'LimitExceeded'
  | 'NotAuthorized'
  | 'PasswordResetRequired'
  | 'ResourceNotFound'
  | 'ServiceUnavailable'
  | 'SoftwareTokenMFANotFound'
  | 'TooManyFailedAttempts'
  | 'TooManyRequests'
  | 'UnsupportedOperation'
  | 'UserNotConfirmed'
  | 'UserNotFound'
  | 'UsernameExists';

/**
 * What went wrong: a refusal of the server's by its name, or
 * - `SignedOut`: nobody is signed in, or the session has ended; sign in again
 * - `Network`: there was no answer; the same again, later
 * - `NoQuestion`: there is no step of a sign-in to answer
 * - `InsecureOrigin`: the page has no WebCrypto, for it came by http://
 */
export type AuthCode = Refusal | 'SignedOut' | 'Network' | 'NoQuestion' | 'InsecureOrigin' | (string & {});

export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly code: AuthCode;

  constructor(code: AuthCode, message: string = code, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
