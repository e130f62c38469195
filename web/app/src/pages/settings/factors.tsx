import type { Factor } from '@freshet/client/accounts';
import { useSession } from '@freshet/react';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Problem } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { useAct } from '../account/problem.ts';
import { Row } from './section.tsx';

const t = texts.factors;
const TotpSetUp = lazy(() => import('../account/totp.tsx'));

/** What is asked for at a sign-in beside the password. */
export function Factors() {
  const { session, profile } = useSession();
  const [known, setKnown] = useState<readonly Factor[]>();
  const [settingUp, setSettingUp] = useState(false);
  const { problem, act } = useAct();
  useEffect(() => {
    let ended = false;
    session.factors().then(
      (factors) => ended || setKnown(factors),
      () => {}, // the buttons stay closed
    );
    return () => {
      ended = true;
    };
  }, [session]);
  const look = async (done: string) => {
    setKnown(await session.factors());
    toast({ text: done });
  };
  const turn = (factor: Factor, on: boolean) =>
    void act(async () => {
      await session.setFactors({ [factor]: on });
      await look(on ? t[factor].isOn : t.isOff);
    });
  const hasEmail = profile?.emailVerified === true;
  return (
    <>
      <Problem>{problem}</Problem>
      <FactorRow
        factor="totp"
        known={known}
        onTurn={(on) => (on ? setSettingUp(true) : turn('totp', false))}
      />
      <FactorRow
        factor="emailCode"
        known={known}
        hint={!hasEmail && t.needsEmail}
        disabled={!hasEmail}
        onTurn={(on) => turn('emailCode', on)}
      />
      {settingUp && (
        <Dialog title={t.totp.title} onClose={() => setSettingUp(false)}>
          <Suspense>
            <TotpSetUp
              onDone={() => {
                setSettingUp(false);
                void act(() => look(t.totp.isOn));
              }}
            />
          </Suspense>
        </Dialog>
      )}
    </>
  );
}

interface FactorRowProps {
  factor: Factor;
  known: readonly Factor[] | undefined;
  hint?: ReactNode;
  disabled?: boolean;
  onTurn: (on: boolean) => void;
}

function FactorRow({ factor, known, hint, disabled, onTurn }: FactorRowProps) {
  const own = t[factor];
  const on = known?.includes(factor) === true;
  const word = on ? t.turnOff : own.turnOn;
  return (
    <Row title={own.title} hint={hint || (on ? own.on : own.off)}>
      <Button
        aria-label={`${word}: ${own.title}`}
        disabled={!known || (disabled && !on)}
        onClick={() => onTurn(!on)}
      >
        {word}
      </Button>
    </Row>
  );
}
