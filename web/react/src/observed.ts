import { use, useSyncExternalStore } from 'react';
import { type Observe, observationOf } from './observation.ts';

export interface ReadOptions {
  /** True: the component waits for the first result, in a Suspense boundary, instead of being given undefined. */
  readonly suspense?: boolean;
}

/** Reads an observation that all components of a client share by its name. An error is thrown, for an error boundary. */
export function useObserved<T>(
  client: object,
  name: string,
  observe: Observe<T>,
  options: ReadOptions,
): T | undefined {
  const observation = observationOf(client, name, observe);
  const state = useSyncExternalStore(observation.subscribe, observation.get, observation.get);
  if ('error' in state) throw state.error;
  if (!('value' in state) && options.suspense) {
    observation.begin();
    use(observation.first);
  }
  return state.value;
}
