import type { Step as Asked, Factor } from '@freshet/client/accounts';
import { lazy, Suspense, useState } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Problem } from '../../ui/field.tsx';
import { session } from '../../workspace.ts';
import { CodeForm } from './code.tsx';
import { NewPasswordField } from './fields.tsx';
import { AccountForm } from './form.tsx';
import { Step } from './layout.tsx';
import { useAct } from './problem.ts';

const t = texts.account;
const TotpSetUp = lazy(() => import('./totp.tsx'));

export interface StepsProps {
  asked: Asked;
  username: string;
  onStep: (step: Asked) => void;
  /** After the e-mail was confirmed, the sign-in begins again. */
  onConfirmed: () => Promise<unknown>;
}

/** What a sign-in asks for beyond name and password, one after the other. */
export function Steps({ asked, username, onStep, onConfirmed }: StepsProps) {
  const answer = async (value: string) => onStep(await session.answer(value));
  switch (asked.next) {
    case 'confirmSignUp':
      return <Confirm username={username} onConfirmed={onConfirmed} />;
    case 'totp':
      return (
        <Step title={t.totpTitle} lead={t.totpLead}>
          <CodeForm onCode={answer} />
        </Step>
      );
    case 'emailCode':
      return (
        <Step title={t.emailCodeTitle} lead={t.codeLead(asked.destination)}>
          <CodeForm onCode={answer} mailed />
        </Step>
      );
    case 'newPassword':
      return (
        <Step title={t.newPasswordTitle} lead={t.newPasswordLead}>
          <NewPassword onPassword={answer} />
        </Step>
      );
    case 'chooseFactor':
      return (
        <Step title={t.chooseTitle}>
          <Choice factors={asked.factors} onChoose={answer} />
        </Step>
      );
    case 'setUpFactor':
      return <SetUpFactor factors={asked.factors} username={username} onStep={onStep} />;
    default:
      return null;
  }
}

/** The code that was mailed at a sign-up. */
export function Confirm({
  username,
  destination,
  onConfirmed,
}: {
  username: string;
  destination?: string | undefined;
  onConfirmed: () => Promise<unknown>;
}) {
  return (
    <Step
      title={t.codeTitle}
      lead={destination || username.includes('@') ? t.codeLead(destination ?? username) : t.codeLeadPlain}
    >
      <CodeForm
        mailed
        onCode={async (code) => {
          await session.confirmSignUp(username, code);
          await onConfirmed();
        }}
        onResend={() => session.resendCode(username)}
      />
    </Step>
  );
}

export function NewPassword({ onPassword }: { onPassword: (password: string) => Promise<unknown> }) {
  const [password, setPassword] = useState('');
  return (
    <AccountForm submit={t.confirm} onSubmit={() => onPassword(password)}>
      <NewPasswordField value={password} onText={setPassword} />
    </AccountForm>
  );
}

function Choice({
  factors,
  onChoose,
}: {
  factors: readonly Factor[];
  onChoose: (factor: Factor) => Promise<unknown>;
}) {
  const { problem, act } = useAct();
  return (
    <div className="space-y-3">
      <Problem>{problem}</Problem>
      {factors.map((factor) => (
        <Button key={factor} className="w-full" onClick={() => void act(() => onChoose(factor))}>
          {t.choose[factor]}
        </Button>
      ))}
    </div>
  );
}

function SetUpFactor({
  factors,
  username,
  onStep,
}: {
  factors: readonly Factor[];
  username: string;
  onStep: (step: Asked) => void;
}) {
  const [factor, setFactor] = useState(factors.length === 1 ? factors[0] : undefined);
  const { problem, act } = useAct();
  const byEmail = () => act(async () => onStep(await session.answer(username)));
  if (factor === 'totp') {
    return (
      <Step title={t.setUpTitle} lead={t.setUpLead}>
        <Suspense>
          <TotpSetUp onDone={onStep} />
        </Suspense>
      </Step>
    );
  }
  return (
    <Step title={t.setUpTitle} lead={t.setUpLead}>
      <div className="space-y-3">
        <Problem>{problem}</Problem>
        {factors.includes('totp') && (
          <Button className="w-full" onClick={() => setFactor('totp')}>
            {t.useTotp}
          </Button>
        )}
        {factors.includes('emailCode') && (
          <Button className="w-full" onClick={() => void byEmail()}>
            {t.useEmail}
          </Button>
        )}
      </div>
    </Step>
  );
}
