/** What tokens say of their user and their time, in seconds; nothing of it is verified here. */
export interface Claims {
  readonly sub?: string;
  readonly iat?: number;
  readonly exp?: number;
  readonly username?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly 'cognito:username'?: string;
  readonly 'cognito:groups'?: readonly string[];
}

/** The claims of a JWT; none of what is no JWT. */
export function claimsOf(token: string | undefined): Claims {
  try {
    return JSON.parse(new TextDecoder().decode(bytesOf(token!.split('.')[1]!)));
  } catch {
    return {};
  }
}

/** Gives what the server fills in of owner fields. */
export const nameOf = ({ username, 'cognito:username': pool, sub }: Claims): string | undefined =>
  username ?? pool ?? sub;

/** Decodes base64, of either alphabet. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
