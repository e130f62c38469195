import type { Client, Collections, Schema } from '@freshet/client';

/**
 * What an app says once about its schema, so that all hooks know its collections:
 *
 * ```ts
 * declare module '@freshet/react' {
 *   interface Register { schema: typeof schema }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: apps fill it in
export interface Register {}

/** The collections of the app; any where it did not say. */
export type Registered = Register extends { schema: Schema<infer C> } ? C : Collections;

export type AppClient = Client<Registered>;
export type CollectionName = keyof Registered & string;
export type RecordOf<N extends CollectionName> = Registered[N]['record'];
export type KeyOf<N extends CollectionName> = Registered[N]['key'];
