import type { Query } from '@freshet/client';
import { type ReadOptions, useObserved } from './observed.ts';
import { useClient, useCollection } from './provider.tsx';
import type { CollectionName, KeyOf, RecordOf } from './register.ts';

/**
 * Gives the records of a query, and renders again when they change: the writes of this client at once, those of others
 * as they come. The array and each record stay the same objects until they change. Undefined before the first result.
 */
export function useQuery<N extends CollectionName>(
  collection: N,
  query: Query<RecordOf<N>>,
  options: ReadOptions & { readonly suspense: true },
): readonly RecordOf<N>[];
export function useQuery<N extends CollectionName>(
  collection: N,
  query?: Query<RecordOf<N>>,
  options?: ReadOptions,
): readonly RecordOf<N>[] | undefined;
export function useQuery<N extends CollectionName>(
  collection: N,
  query: Query<RecordOf<N>> = {},
  options: ReadOptions = {},
): readonly RecordOf<N>[] | undefined {
  const source = useCollection(collection);
  const { where, orderBy, limit } = query;
  return useObserved<readonly RecordOf<N>[]>(
    useClient(),
    JSON.stringify([collection, where, orderBy, limit]),
    (next, failed) => source.observe(query, next, failed),
    options,
  );
}

/** Gives one record: undefined before it was looked up, null while there is none. Of the key null there is none. */
export function useRecord<N extends CollectionName>(
  collection: N,
  key: KeyOf<N> | null,
  options: ReadOptions & { readonly suspense: true },
): RecordOf<N> | null;
export function useRecord<N extends CollectionName>(
  collection: N,
  key: KeyOf<N> | null,
  options?: ReadOptions,
): RecordOf<N> | null | undefined;
export function useRecord<N extends CollectionName>(
  collection: N,
  key: KeyOf<N> | null,
  options: ReadOptions = {},
): RecordOf<N> | null | undefined {
  const source = useCollection(collection);
  const record = useObserved<RecordOf<N> | null>(
    useClient(),
    JSON.stringify([collection, key]),
    (next, failed) => {
      if (key !== null) return source.observeRecord(key, (record) => next(record ?? null), failed);
      next(null);
      return () => {};
    },
    options,
  );
  return key === null ? null : record;
}
