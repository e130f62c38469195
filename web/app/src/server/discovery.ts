/** What the app has to know to sign in: which user pool the server has, and which app of it this one is. */
export interface Ids {
  readonly poolId?: string;
  readonly clientId?: string;
}

const key = 'freshet ids';
const patience = 5_000; // ms

/**
 * Gives the ids. They are kept, so that the app opens at once and without a network; where the server has come to have
 * others, the app loads again with those. Without an answer the first time, they are the usual ones.
 */
export async function discoverIds(): Promise<Ids> {
  const kept = localStorage.getItem(key);
  const asked = ask().then(
    (ids) => {
      localStorage.setItem(key, JSON.stringify(ids));
      if (kept !== null && kept !== localStorage.getItem(key)) location.reload();
      return ids;
    },
    () => ({}),
  );
  return kept === null ? asked : JSON.parse(kept);
}

async function ask(): Promise<Ids> {
  const response = await fetch('/.well-known/openid-configuration', {
    signal: AbortSignal.timeout(patience),
  });
  const { user_pool, client_id } = await response.json();
  return { poolId: user_pool, clientId: client_id };
}
