import { AuthError } from '@freshet/client/accounts';
import { useState } from 'react';
import { texts } from '../../texts.ts';

/** The errors whose words are the server's: what is wrong is in what was sent. */
const spoken = ['InvalidPassword', 'InvalidParameter', 'invalid', 'conflict', 'unavailable'];

type Texts = Readonly<Record<string, string>>;

/** Says what went wrong with an account, in words; a step may have words of its own for a code. */
export function problemOf(error: unknown, own: Texts = {}): string {
  const code = error instanceof AuthError ? error.code : '';
  const known: Texts = texts.problems;
  if (spoken.includes(code)) return (error as AuthError).message;
  return own[code] ?? known[code] ?? texts.problems.other;
}

/** One thing at a time that a form does, and what went wrong with it. */
export function useAct(own?: Texts) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const act = async (work: () => Promise<unknown>): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(problemOf(error, own));
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, act };
}
