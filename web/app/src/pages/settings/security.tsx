import type { Factor } from '@freshet/client/accounts';
import { useSession } from '@freshet/react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { PasswordField, Problem } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { AccountForm } from '../account/form.tsx';
import { useAct } from '../account/problem.ts';
import { Row, Section } from './section.tsx';

const t = texts.settings;
const TotpSetUp = lazy(() => import('../account/totp.tsx'));

export function Security() {
  const [open, setOpen] = useState<'password'>();
  return (
    <Section title={t.security}>
      <Row title={t.password} hint={t.changeHint}>
        <Button onClick={() => setOpen('password')}>{t.changePassword}</Button>
      </Row>
      <Totp />
      {open === 'password' && <ChangePassword onClose={() => setOpen(undefined)} />}
    </Section>
  );
}

function Totp() {
  const { session } = useSession();
  const [factors, setFactors] = useState<readonly Factor[]>();
  const [open, setOpen] = useState(false);
  const { problem, act } = useAct();
  useEffect(() => {
    let ended = false;
    session.factors().then(
      (known) => ended || setFactors(known),
      () => {}, // the button stays closed
    );
    return () => {
      ended = true;
    };
  }, [session]);
  const on = factors?.includes('totp') === true;
  const turnOff = async () => {
    await session.setFactors({ totp: false });
    setFactors(await session.factors());
    toast({ text: t.totpIsOff });
  };
  return (
    <>
      <Row title={t.totp} hint={on ? t.totpOn : t.totpOff}>
        {on ? (
          <Button onClick={() => void act(turnOff)}>{t.totpTurnOff}</Button>
        ) : (
          <Button disabled={!factors} onClick={() => setOpen(true)}>
            {t.totpSetUp}
          </Button>
        )}
      </Row>
      <Problem>{problem}</Problem>
      {open && (
        <Dialog title={t.totp} onClose={() => setOpen(false)}>
          <Suspense>
            <TotpSetUp
              onDone={() => {
                setOpen(false);
                setFactors([...(factors ?? []), 'totp']);
                toast({ text: t.totpDone });
              }}
            />
          </Suspense>
        </Dialog>
      )}
    </>
  );
}

function ChangePassword({ onClose }: { onClose: () => void }) {
  const { session } = useSession();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = async () => {
    await session.changePassword(current, next);
    toast({ text: t.changed });
    onClose();
  };
  return (
    <Dialog title={t.changePassword} onClose={onClose}>
      <AccountForm
        submit={t.changePassword}
        onSubmit={change}
        problems={{ NotAuthorized: texts.problems.wrongPassword }}
        onCancel={onClose}
      >
        <PasswordField
          label={t.current}
          autoComplete="current-password"
          required
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
        />
        <PasswordField
          label={t.next}
          hint={texts.account.passwordHint}
          autoComplete="new-password"
          minLength={8}
          required
          value={next}
          onChange={(event) => setNext(event.target.value)}
        />
      </AccountForm>
    </Dialog>
  );
}
