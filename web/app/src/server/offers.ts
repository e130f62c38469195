import type { AppClient } from '@freshet/react';

const known = new WeakMap<AppClient, Promise<ReadonlySet<string>>>();

/**
 * Tells whether the server has a field, like `Query.history`: one with another schema, or an older one, may not. Errors
 * are those of `client.graphql`; then it is asked again the next time.
 */
export async function offers(client: AppClient, field: string): Promise<boolean> {
  const fields = known.get(client) ?? introspect(client);
  known.set(client, fields);
  fields.catch(() => known.delete(client));
  return (await fields).has(field);
}

type Root = { readonly fields: readonly { readonly name: string }[] } | null;

const roots = ['Query', 'Mutation', 'Subscription'];
const document = `{ ${roots.map((root) => `${root}: __type(name: "${root}") { fields { name } }`).join(' ')} }`;

async function introspect(client: AppClient): Promise<ReadonlySet<string>> {
  const types = await client.graphql<Record<string, Root>>(document);
  return new Set(roots.flatMap((root) => types[root]?.fields.map(({ name }) => `${root}.${name}`) ?? []));
}
