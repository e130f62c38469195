import { type Ask, codeOf, type Result, type TokenResult } from './cognito.ts';
import { AuthError } from './error.ts';
import { beginSRP, proveSRP, subtle, type Verifier } from './srp.ts';

/** A second factor. */
export type Factor = 'totp' | 'emailCode';

/** What a sign-in wants next. All but the first three are answered by `answer`. */
export type Step =
  | { readonly next: 'done' }
  /** The e-mail was not verified: `confirmSignUp`, then sign in again. */
  | { readonly next: 'confirmSignUp' }
  /** An operator had the password reset: `forgotPassword`, `resetPassword`, then sign in again. */
  | { readonly next: 'resetPassword' }
  /** The password was given by an operator: answer with one of the user's own. */
  | { readonly next: 'newPassword' }
  /** Answer with the code that the authenticator app shows. */
  | { readonly next: 'totp' }
  /** Answer with the code that was mailed. */
  | { readonly next: 'emailCode'; readonly destination: string }
  /** Answer with one of the factors. */
  | { readonly next: 'chooseFactor'; readonly factors: readonly Factor[] }
  /** Everybody has to have a second factor: `setUpTotp` and `verifyTotp`, or answer with the user's e-mail. */
  | { readonly next: 'setUpFactor'; readonly factors: readonly Factor[] };

const names: Record<Factor, string> = { totp: 'SOFTWARE_TOKEN_MFA', emailCode: 'EMAIL_OTP' };
export const factorsOf = (list: readonly string[] = []): Factor[] =>
  (Object.keys(names) as Factor[]).filter((factor) => list.includes(names[factor]));

/** What each question is as a step, and under what name it takes its answer. */
const questions: Record<string, readonly [next: Step['next'], answer: string]> = {
  NEW_PASSWORD_REQUIRED: ['newPassword', 'NEW_PASSWORD'],
  SOFTWARE_TOKEN_MFA: ['totp', 'SOFTWARE_TOKEN_MFA_CODE'],
  EMAIL_OTP: ['emailCode', 'EMAIL_OTP_CODE'],
  SELECT_MFA_TYPE: ['chooseFactor', 'ANSWER'],
  MFA_SETUP: ['setUpFactor', 'EMAIL'],
};

export interface SignIn {
  begin(username: string, password: string): Promise<Step>;
  answer(value: string): Promise<Step>;
  /** The set-up of an authenticator app, where a second factor has to be set up. */
  readonly setUp: SetUp | undefined;
  cancel(): void;
}

interface SetUp {
  readonly username: string;
  /** Gives the secret for the app. */
  associate(): Promise<string>;
  /** Takes the app's first code. */
  verify(code: string): Promise<Step>;
}

/** The steps of one sign-in at a time; tokens go to `done`. */
export function signingIn(
  ask: Ask,
  clientId: string,
  pool: string,
  done: (tokens: TokenResult) => void,
): SignIn {
  let asked: Result | undefined;

  function step(result: Result): Step {
    asked = undefined;
    if (result.AuthenticationResult) {
      done(result.AuthenticationResult);
      return { next: 'done' };
    }
    const { ChallengeName = '', ChallengeParameters: parameters } = result;
    const next = questions[ChallengeName]?.[0];
    if (!next) throw new AuthError('UnsupportedOperation', ChallengeName);
    asked = result;
    const choice = parameters.MFAS_CAN_CHOOSE ?? parameters.MFAS_CAN_SETUP;
    return {
      next,
      ...(choice && { factors: factorsOf(JSON.parse(choice)) }),
      ...(next === 'emailCode' && { destination: parameters.CODE_DELIVERY_DESTINATION }),
    } as Step;
  }

  const respond = async (name: string, session: string | undefined, responses: object): Promise<Step> =>
    step(
      await ask<Result>('RespondToAuthChallenge', {
        ClientId: clientId,
        ChallengeName: name,
        ChallengeResponses: responses,
        Session: session,
      }),
    );

  function question(): Result {
    if (!asked) throw new AuthError('NoQuestion');
    return asked;
  }

  return {
    async begin(username, password) {
      subtle();
      asked = undefined;
      const srp = beginSRP();
      const { ChallengeName, ChallengeParameters, Session } = await ask<Result>('InitiateAuth', {
        AuthFlow: 'USER_SRP_AUTH',
        ClientId: clientId,
        AuthParameters: { USERNAME: username, SRP_A: srp.public },
      });
      try {
        const proof = await proveSRP(
          srp,
          pool,
          password,
          ChallengeParameters as Verifier & Record<string, string>,
        );
        return await respond(ChallengeName!, Session, proof);
      } catch (error) {
        const code = codeOf(error);
        if (code === 'UserNotConfirmed') return { next: 'confirmSignUp' };
        if (code === 'PasswordResetRequired') return { next: 'resetPassword' };
        throw error;
      }
    },
    async answer(value) {
      const { ChallengeName: name = '', ChallengeParameters, Session } = question();
      const given = name === 'SELECT_MFA_TYPE' ? (names[value as Factor] ?? value) : value;
      return respond(name, Session, { USERNAME: ChallengeParameters.USERNAME, [questions[name]![1]]: given });
    },
    get setUp(): SetUp | undefined {
      if (asked?.ChallengeName !== 'MFA_SETUP') return undefined;
      const username = asked.ChallengeParameters.USERNAME!;
      return {
        username,
        async associate() {
          const { Session } = question();
          const made = await ask<{ SecretCode: string; Session: string }>('AssociateSoftwareToken', {
            Session,
          });
          asked = { ...question(), Session: made.Session };
          return made.SecretCode;
        },
        async verify(code) {
          const input = { Session: question().Session, UserCode: code };
          const verified = await ask<{ Session: string }>('VerifySoftwareToken', input);
          return respond('MFA_SETUP', verified.Session, { USERNAME: username });
        },
      };
    },
    cancel() {
      asked = undefined;
    },
  };
}
