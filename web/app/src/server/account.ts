import { AuthError } from '@freshet/client/accounts';
import { session } from '../workspace.ts';

/** What of an account the app changes beside its passwords: asked in the dialect of Cognito, as the session does. */
async function ask<T>(operation: string, input: object = {}): Promise<T> {
  const { Authorization: AccessToken } = await session.headers();
  const { ok, body } = await answer<T & { __type?: string; message?: string }>('/idp', {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: JSON.stringify({ AccessToken, ...input }),
  });
  if (ok) return body;
  throw new AuthError(body.__type?.replace(/Exception$/, '') ?? 'InternalError', body.message);
}

/** Asks one of the server's own doors to an account. Errors: AuthError with the server's code, like not_found. */
async function askOwn<T>(method: string, path: string, input?: object): Promise<T> {
  const { Authorization } = await session.headers();
  const headers: HeadersInit = { authorization: `Bearer ${Authorization}` };
  if (input) headers['content-type'] = 'application/json';
  const { ok, body } = await answer<T & Refused>(path, {
    method,
    headers,
    ...(input && { body: JSON.stringify(input) }),
  });
  if (ok) return body;
  const [refusal] = body.errors ?? [];
  throw new AuthError(refusal?.errorInfo?.code ?? 'InternalError', refusal?.message);
}

interface Refused {
  readonly errors?: readonly { message: string; errorInfo?: { code: string } }[];
}

/** Makes the user the first administrator, for the secret of a link. Gives the group of administrators. */
export async function redeemSetup(secret: string): Promise<string> {
  const { group } = await askOwn<{ group: string }>('POST', '/setup', { secret });
  await renewed(); // the next tokens name it
  return group;
}

async function answer<T>(path: string, init: RequestInit): Promise<{ ok: boolean; body: T }> {
  try {
    const response = await fetch(path, init);
    return { ok: response.ok, body: await response.json() };
  } catch (cause) {
    throw new AuthError('Network', undefined, cause);
  }
}

/** Gives the name that others see. */
export async function displayName(): Promise<string> {
  const { UserAttributes } = await ask<{ UserAttributes: { Name: string; Value: string }[] }>('GetUser');
  return UserAttributes.find(({ Name }) => Name === 'name')?.Value ?? '';
}

export async function setDisplayName(name: string): Promise<void> {
  if (name) await ask('UpdateUserAttributes', { UserAttributes: [{ Name: 'name', Value: name }] });
  else await ask('DeleteUserAttributes', { UserAttributeNames: ['name'] });
}

/** Asks for another address, and mails it a code, which `verifyEmail` takes. False: it is the user's already. */
export async function changeEmail(email: string): Promise<boolean> {
  const { CodeDeliveryDetailsList } = await ask<{ CodeDeliveryDetailsList: unknown[] }>(
    'UpdateUserAttributes',
    { UserAttributes: [{ Name: 'email', Value: email }] },
  );
  if (CodeDeliveryDetailsList.length > 0) return true;
  await renewed();
  return false;
}

export const resendEmailCode = () => ask('GetUserAttributeVerificationCode', { AttributeName: 'email' });

export async function verifyEmail(code: string): Promise<void> {
  await ask('VerifyUserAttribute', { AttributeName: 'email', Code: code });
  await renewed();
}

/** Waits for tokens that say what has changed. Where there are none now, later ones do. */
export const renewed = () => session.renew().catch(() => false);

/** A sign-in that goes on. Times are of ISO 8601. */
export interface SignedIn {
  readonly id: string;
  /** The id of the app. */
  readonly app: string;
  /** The User-Agent that signed in, where it gave one. */
  readonly agent?: string;
  readonly signedIn: string;
  /** When it was last active, give or take the life of an access token. */
  readonly used: string;
  /** Whether it is the one of this browser. */
  readonly current: boolean;
}

/** Gives where the user is signed in, those first that were used last. */
export async function sessions(): Promise<SignedIn[]> {
  const { sessions } = await askOwn<{ sessions: SignedIn[] }>('GET', '/sessions');
  return sessions;
}

/** Ends one; one that has ended is no error. */
export async function endSession(id: string): Promise<void> {
  await askOwn('DELETE', `/sessions/${id}`).catch((error) => {
    if (!(error instanceof AuthError && error.code === 'not_found')) throw error;
  });
}
