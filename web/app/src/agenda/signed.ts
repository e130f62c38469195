import type { EventCreate } from '../generated/schema.ts';
import { session } from '../workspace.ts';
import { ServerError } from './server.ts';
import { type SigningKey, sign } from './sigv4.ts';

/** What a server tells of its identity pool. */
export interface IdentityPool {
  readonly id: string;
  /** The name of the user pool in `Logins`: its issuer without the scheme. */
  readonly provider: string;
}

/** Gives the identity pool; undefined where the server has none. */
export async function identityPool(): Promise<IdentityPool | undefined> {
  const response = await fetch('/.well-known/openid-configuration');
  if (!response.ok) return undefined;
  const { issuer, identity_pool: id } = (await response.json()) as { issuer: string; identity_pool?: string };
  return id ? { id, provider: issuer.replace(/^\w+:\/\//, '') } : undefined;
}

async function ask<T>(operation: string, input: object): Promise<T> {
  const response = await fetch('/idp', {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityService.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  throw new ServerError('unauthenticated', String(answer.message ?? answer.__type));
}

/** Exchanges the session for credentials that sign requests for an hour. */
async function signingKey({ id, provider }: IdentityPool): Promise<SigningKey> {
  const Logins = { [provider]: await session.idToken() };
  const { IdentityId } = await ask<{ IdentityId: string }>('GetId', { IdentityPoolId: id, Logins });
  const { Credentials: key } = await ask<{
    Credentials: { AccessKeyId: string; SecretKey: string; SessionToken: string };
  }>('GetCredentialsForIdentity', { IdentityId, Logins });
  return { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretKey, sessionToken: key.SessionToken };
}

interface Answer {
  readonly data?: { readonly createEvent?: { readonly id: string } | null } | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly errorInfo?: { readonly code?: string } | null;
  }[];
}

/** Creates an event by a request that is signed. Gives the id of the event. Errors: ServerError, AuthError. */
export async function createSigned(pool: IdentityPool, input: EventCreate): Promise<string> {
  const key = await signingKey(pool);
  const url = new URL('/graphql', location.origin).href;
  const query = 'mutation ($input: CreateEventInput!) { createEvent(input: $input) { id } }';
  const body = JSON.stringify({ query, variables: { input } });
  const signing = { key, region: pool.id.split(':')[0] ?? 'local', service: 'appsync', now: new Date() };
  const headers = await sign(
    { method: 'POST', url, headers: { 'content-type': 'application/json' }, body },
    signing,
  );
  const response = await fetch(url, { method: 'POST', headers, body });
  const { data, errors } = (await response.json()) as Answer;
  if (data?.createEvent) return data.createEvent.id;
  throw new ServerError(
    errors?.[0]?.errorInfo?.code ?? 'internal',
    errors?.[0]?.message ?? 'the server gave nothing',
  );
}
