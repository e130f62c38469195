export type { ReadOptions } from './observed.ts';
export { FreshetProvider, type FreshetProviderProps, useClient } from './provider.tsx';
export type { AppClient, CollectionName, KeyOf, RecordOf, Register, Registered } from './register.ts';
export { type Mutation, useMutation } from './use-mutation.ts';
export { useQuery, useRecord } from './use-query.ts';
export { useSession } from './use-session.ts';
export { useConflicts, useRejected, useStatus } from './use-status.ts';
