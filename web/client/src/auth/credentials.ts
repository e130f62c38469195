/** Who asks, and how they prove it. */
export interface Credentials {
  /**
   * Gives the headers that prove who asks: x-api-key or Authorization. Errors: AuthError; one with the code SignedOut
   * stays until `subscribe` tells, others pass.
   */
  headers(signal?: AbortSignal): Promise<Record<string, string>>;

  /**
   * Looks for other headers than those that the server has refused: `headers` may have given others since. Without them,
   * than those there are. False: there are none until `subscribe` tells. Errors, like those of the network, pass.
   */
  renew?(refused?: Readonly<Record<string, string>>): Promise<boolean>;

  /** The id of who asks, by which what is stored for them is told from what is others'; undefined: nobody's. */
  readonly user: string | undefined;

  /** What stands in the owner fields of who asks; default: `user`. */
  readonly name?: string | undefined;

  /** Calls back when the headers or the user are others. Gives the function that ends it. */
  subscribe?(callback: () => void): () => void;
}

/** The credentials of a program: a secret that `freshet key create` gave. */
export const apiKey = (secret: string): Credentials => ({
  headers: async () => ({ 'x-api-key': secret }),
  user: undefined,
});
