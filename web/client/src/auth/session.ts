import { claimsOf, nameOf } from './claims.ts';
import { asking, codeOf, type TokenResult } from './cognito.ts';
import type { Credentials } from './credentials.ts';
import { AuthError } from './error.ts';
import { type Factor, factorsOf, type Step, signingIn } from './signin.ts';
import { left, received, type TokenStorage, type Tokens, tokenStore, usualStorage } from './store.ts';

export interface SessionOptions {
  /** The server, as `createClient` has it: https://api.example.com or https://api.example.com/graphql. */
  readonly endpoint: string;
  /** The app, one of `client_id` in the server's configuration; default freshet-web. */
  readonly clientId?: string;
  /** The `pool_id` of the server's configuration; default local_freshet. */
  readonly poolId?: string;
  /** Where tokens are kept; default localStorage, and memory where there is none. */
  readonly storage?: TokenStorage;
  /** What the platform gives; for tests. */
  readonly environment?: Partial<AuthEnvironment>;
}

export interface AuthEnvironment {
  readonly fetch: typeof globalThis.fetch;
  /** The time in ms since 1970. */
  readonly now: () => number;
  readonly locks: { request<T>(name: string, job: () => Promise<T>): Promise<T> } | undefined;
}

/** Who is signed in. */
export interface Profile {
  /** It stays as it is for as long as the account is there. */
  readonly id: string;
  readonly username: string;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly groups: readonly string[];
}

/** The account of one who uses a page. Errors of all its methods: AuthError. */
export interface Session extends Credentials {
  /** Who is signed in here, in all tabs; undefined: nobody. */
  readonly profile: Profile | undefined;
  renew(refused?: Readonly<Record<string, string>>): Promise<boolean>;
  /** Gives the ID token, renewed where it has to be: what an identity pool takes for its keys. */
  idToken(signal?: AbortSignal): Promise<string>;
  subscribe(callback: () => void): () => void;

  /** Makes an account. `confirmed` is false where a code was mailed, which `confirmSignUp` takes. */
  signUp(account: NewAccount): Promise<{ id: string; confirmed: boolean; destination: string | undefined }>;
  confirmSignUp(username: string, code: string): Promise<void>;
  /** Mails another code to confirm a sign-up, at most one a minute. Gives a hint at the address. */
  resendCode(username: string): Promise<string | undefined>;

  /** Signs in by SRP: the password stays here. */
  signIn(username: string, password: string): Promise<Step>;
  /** Answers the step that the sign-in is at; after a wrong code, again. */
  answer(value: string): Promise<Step>;
  /** Signs out here. It rejects where the server could not be told, and so holds the session for good still. */
  signOut(): Promise<void>;
  /** Ends all sessions of the user, on all devices. */
  signOutEverywhere(): Promise<void>;

  /** Mails a code with which `resetPassword` gives another password. Gives a hint at the address. */
  forgotPassword(username: string): Promise<string | undefined>;
  resetPassword(username: string, code: string, password: string): Promise<void>;
  /** Ends all other sessions of the user. */
  changePassword(previous: string, next: string): Promise<void>;
  /** Deletes the account. The records of the user stay. */
  deleteAccount(): Promise<void>;

  /** Makes a secret for an authenticator app, to be typed in or shown as a QR code. */
  setUpTotp(issuer?: string): Promise<{ secret: string; uri: string }>;
  /** Takes the app's first code, and asks for one at each sign-in from now on. */
  verifyTotp(code: string): Promise<Step>;
  /** The second factors that are asked for. */
  factors(): Promise<Factor[]>;
  /** Turns second factors on or off; those that are missing stay. */
  setFactors(factors: { readonly [factor in Factor]?: boolean }): Promise<void>;
}

export interface NewAccount {
  /** A name, or an e-mail: then the account's name is its id. */
  readonly username: string;
  readonly password: string;
  readonly email?: string;
  /** Attributes of Cognito: name, locale, custom:… */
  readonly attributes?: Readonly<Record<string, string>>;
}

const early = 60_000; // ms before its end in which a token is exchanged for another

/**
 * How long the lock is held after tokens were stored, in ms: localStorage may reach another tab later than the lock does.
 * Where that was too short still, the server gives the same successor again, for 10 s.
 */
const settling = 50;

/** The refusals of a refresh token after which there is no session any more. */
const ended = ['NotAuthorized', 'RefreshTokenReuse'];

interface Delivered {
  CodeDeliveryDetails?: { Destination: string };
}
const destination = (sent: Delivered) => sent.CodeDeliveryDetails?.Destination;

export function createSession(options: SessionOptions): Session {
  const { endpoint, clientId: ClientId = 'freshet-web', poolId = 'local_freshet' } = options;
  const environment: AuthEnvironment = {
    fetch: (...request) => fetch(...request),
    now: Date.now,
    locks: globalThis.navigator?.locks,
    ...options.environment,
  };
  const url = new URL('idp', new URL(endpoint, globalThis.location?.href)).href;
  const key = `freshet ${url} ${ClientId}`;
  const ask = asking(url, environment.fetch);
  const store = tokenStore(options.storage ?? usualStorage(), key);
  const signIn = signingIn(ask, ClientId, poolId.split('_')[1] ?? '', (result) =>
    store.set(received(result, environment.now())),
  );
  let refreshing: Promise<void> | undefined;

  /** One at a time here and in all tabs: a refresh token that is used twice ends its session. */
  function refresh(stale: string): Promise<void> {
    const inTurn = async () => {
      await exchange(stale);
      await new Promise((resolve) => setTimeout(resolve, settling));
    };
    refreshing ??= (environment.locks?.request(key, inTurn) ?? exchange(stale)).finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  }

  function signedIn(): Tokens {
    const tokens = store.get();
    if (tokens) return tokens;
    throw new AuthError('SignedOut');
  }

  async function exchange(stale: string): Promise<void> {
    const old = signedIn();
    if (old.access !== stale) return; // another tab was faster
    const isCurrent = () => store.get()?.refresh === old.refresh;
    try {
      const { AuthenticationResult } = await ask<{ AuthenticationResult: TokenResult }>(
        'GetTokensFromRefreshToken',
        { ClientId, RefreshToken: old.refresh },
      );
      if (isCurrent()) store.set(received(AuthenticationResult, environment.now(), old.refresh));
    } catch (error) {
      if (!ended.includes(codeOf(error) ?? '')) throw error;
      if (isCurrent()) store.set(undefined);
      throw new AuthError('SignedOut', undefined, error);
    }
  }

  /** Gives tokens that are good still. */
  async function current(): Promise<Tokens> {
    const tokens = signedIn();
    const good = left(tokens, environment.now());
    if (good > early) return tokens;
    try {
      await refresh(tokens.access);
    } catch (error) {
      if (good <= 0 || codeOf(error) === 'SignedOut') throw error;
    }
    return signedIn();
  }

  const asUser = async <T>(operation: string, input: object = {}): Promise<T> =>
    ask<T>(operation, { AccessToken: (await current()).access, ...input });

  const setFactors: Session['setFactors'] = ({ totp, emailCode }) =>
    asUser('SetUserMFAPreference', {
      SoftwareTokenMfaSettings: totp === undefined ? totp : { Enabled: totp, PreferredMfa: totp },
      EmailMfaSettings: emailCode === undefined ? emailCode : { Enabled: emailCode },
    });

  return {
    async headers(signal) {
      return { Authorization: (await unlessAborted(current(), signal)).access };
    },
    idToken: async (signal) => (await unlessAborted(current(), signal)).id,
    async renew(refused) {
      try {
        await refresh(refused?.Authorization ?? signedIn().access);
        return !!store.get();
      } catch (error) {
        if (codeOf(error) === 'SignedOut') return false;
        throw error;
      }
    },
    get user() {
      return claimsOf(store.get()?.id).sub;
    },
    get name() {
      return nameOf(claimsOf(store.get()?.id));
    },
    get profile() {
      return profileOf(store.get()?.id);
    },
    subscribe: store.subscribe,

    async signUp({ username, password, email, attributes }) {
      const made = await ask<Delivered & { UserSub: string; UserConfirmed: boolean }>('SignUp', {
        ClientId,
        Username: username,
        Password: password,
        UserAttributes: Object.entries({ ...(email && { email }), ...attributes }).map(([Name, Value]) => ({
          Name,
          Value,
        })),
      });
      return { id: made.UserSub, confirmed: made.UserConfirmed, destination: destination(made) };
    },
    confirmSignUp: (Username, ConfirmationCode) =>
      ask('ConfirmSignUp', { ClientId, Username, ConfirmationCode }),
    resendCode: async (Username) => destination(await ask('ResendConfirmationCode', { ClientId, Username })),

    signIn: signIn.begin,
    answer: signIn.answer,
    async signOut() {
      const tokens = store.get();
      signIn.cancel();
      if (!tokens) return;
      store.set(undefined);
      await ask('RevokeToken', { ClientId, Token: tokens.refresh });
    },
    async signOutEverywhere() {
      await asUser('GlobalSignOut');
      store.set(undefined);
    },

    forgotPassword: async (Username) => destination(await ask('ForgotPassword', { ClientId, Username })),
    resetPassword: (Username, ConfirmationCode, Password) =>
      ask('ConfirmForgotPassword', { ClientId, Username, ConfirmationCode, Password }),
    changePassword: (PreviousPassword, ProposedPassword) =>
      asUser('ChangePassword', { PreviousPassword, ProposedPassword }),
    async deleteAccount() {
      await asUser('DeleteUser');
      store.set(undefined);
    },

    async setUpTotp(issuer = new URL(url).hostname) {
      const { setUp } = signIn;
      const user = profileOf(store.get()?.id);
      const secret = setUp
        ? await setUp.associate()
        : (await asUser<{ SecretCode: string }>('AssociateSoftwareToken')).SecretCode;
      const name = encodeURIComponent(issuer);
      const who = encodeURIComponent(setUp?.username ?? user?.email ?? user?.username ?? '');
      return { secret, uri: `otpauth://totp/${name}:${who}?secret=${secret}&issuer=${name}` };
    },
    async verifyTotp(code) {
      if (signIn.setUp) return signIn.setUp.verify(code);
      await asUser('VerifySoftwareToken', { UserCode: code });
      await setFactors({ totp: true });
      return { next: 'done' };
    },
    factors: async () =>
      factorsOf((await asUser<{ UserMFASettingList?: string[] }>('GetUser')).UserMFASettingList),
    setFactors,
  };
}

function profileOf(token: string | undefined): Profile | undefined {
  const { sub, email, ...claims } = claimsOf(token);
  return sub === undefined
    ? undefined
    : {
        id: sub,
        username: claims['cognito:username'] ?? sub,
        email,
        emailVerified: !!claims.email_verified,
        groups: claims['cognito:groups'] ?? [],
      };
}

/** Waits no longer than its caller wants to. What is waited for goes on: others may wait for it too. */
const unlessAborted = <T>(job: Promise<T>, signal?: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal!.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    job.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort));
  });
