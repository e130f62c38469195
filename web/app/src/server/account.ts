import { AuthError } from '@freshet/client/accounts';
import { session } from '../workspace.ts';

/** What of an account the app changes beside its passwords: asked in the dialect of Cognito, as the session does. */
async function ask<T>(operation: string, input: object = {}): Promise<T> {
  const { Authorization: AccessToken } = await session.headers();
  let response: Response;
  try {
    response = await fetch('/idp', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
      },
      body: JSON.stringify({ AccessToken, ...input }),
    });
  } catch (cause) {
    throw new AuthError('Network', undefined, cause);
  }
  const body = await response.json();
  if (response.ok) return body;
  throw new AuthError(String(body.__type ?? 'InternalError').replace(/Exception$/, ''), body.message);
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
