import { type AuthCode, AuthError } from './error.ts';

/** Asks the server's user pool for an operation, in the dialect of Cognito. Errors: AuthError. */
export type Ask = <T = unknown>(operation: string, input: object) => Promise<T>;

const patience = 20_000; // ms

export function asking(url: string, fetch: typeof globalThis.fetch): Ask {
  return async <T>(operation: string, input: object): Promise<T> => {
    let response: Response | undefined;
    let body: { __type?: string; message?: string } | undefined;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
        },
        body: JSON.stringify(input),
        cache: 'no-store',
        signal: AbortSignal.timeout(patience),
      });
      body = await response.json();
    } catch (cause) {
      throw new AuthError('Network', `HTTP ${response?.status}`, cause);
    }
    if (response.ok) return body as T;
    throw new AuthError(body?.__type?.replace(/Exception$/, '') ?? 'Network', body?.message);
  };
}

/** What a step of a sign-in comes to: tokens, or a question. */
export interface Result {
  readonly AuthenticationResult?: TokenResult;
  readonly ChallengeName?: string;
  readonly ChallengeParameters: Readonly<Record<string, string>>;
  readonly Session?: string;
}

export interface TokenResult {
  readonly AccessToken: string;
  readonly IdToken: string;
  /** Missing where the old one stays. */
  readonly RefreshToken?: string;
}

/** The code of an error; undefined for one of another kind. */
export const codeOf = (error: unknown): AuthCode | undefined =>
  error instanceof AuthError ? error.code : undefined;
