import { session } from '../workspace.ts';

/** What the server, or the way to it, said against a request. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  /** A code of the protocol, or `network` where there was no answer. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly errorInfo?: { readonly code?: string } | null;
  }[];
}

/** Asks for what is on the server alone: the history, people. Errors: ServerError, AuthError. */
export async function ask<T>(query: string, variables: object, signal?: AbortSignal): Promise<T> {
  const headers = await session.headers(signal);
  const { data, errors } = await post<T>(query, variables, headers, signal);
  const [error] = errors ?? [];
  if (error || !data)
    throw new ServerError(error?.errorInfo?.code ?? 'internal', error?.message ?? 'the server gave nothing');
  return data;
}

async function post<T>(
  query: string,
  variables: object,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: signal ?? null,
    });
    return await response.json();
  } catch (error) {
    signal?.throwIfAborted();
    throw new ServerError('network', String(error));
  }
}

let known: Promise<ReadonlySet<string>> | undefined;

/** Tells whether the server has a field, like `Query.history`: servers of other schemas or versions may not. */
export async function offers(field: string): Promise<boolean> {
  known ??= introspect();
  known.catch(() => {
    known = undefined;
  });
  return (await known).has(field);
}

type Root = { readonly fields: readonly { readonly name: string }[] } | null;

async function introspect(): Promise<ReadonlySet<string>> {
  const roots = await ask<Record<string, Root>>(
    '{ Query: __type(name: "Query") { fields { name } } Mutation: __type(name: "Mutation") { fields { name } } Subscription: __type(name: "Subscription") { fields { name } } }',
    {},
  );
  return new Set(
    Object.entries(roots).flatMap(([root, type]) => type?.fields.map(({ name }) => `${root}.${name}`) ?? []),
  );
}
