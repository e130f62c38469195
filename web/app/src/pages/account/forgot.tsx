import { useState } from 'react';
import { Link, navigate, usePlace } from '../../router/router.tsx';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Field, PasswordField, Problem } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { session } from '../../workspace.ts';
import { Mailbox } from './code.tsx';
import { AccountPage, linkLook, Step } from './layout.tsx';
import { useAct } from './problem.ts';

const t = texts.account;

/** Another password for who can read the mail of an account. */
export default function ForgotPage() {
  const { search } = usePlace();
  const [username, setUsername] = useState(search.get('name') ?? '');
  const [sent, setSent] = useState(false);
  const { busy, problem, act } = useAct();
  return (
    <AccountPage>
      {sent ? (
        <Reset username={username.trim()} />
      ) : (
        <Step title={t.forgotTitle} lead={search.has('asked') ? t.resetAsked : t.forgotLead}>
          <form
            className="space-y-5"
            onSubmit={(event) => {
              event.preventDefault();
              void act(async () => {
                await session.forgotPassword(username.trim());
                setSent(true);
              });
            }}
          >
            <Problem>{problem}</Problem>
            <Field
              label={t.username}
              value={username}
              onChange={(event) => setUsername(event.target.value)}
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              inputMode="email"
              required
            />
            <Button type="submit" look="primary" className="w-full" aria-disabled={busy}>
              {t.sendCode}
            </Button>
          </form>
        </Step>
      )}
      <p className="mt-6">
        <Link to="/signin" className={linkLook}>
          {t.signIn}
        </Link>
      </p>
    </AccountPage>
  );
}

function Reset({ username }: { username: string }) {
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const { busy, problem, act } = useAct();
  const reset = async () => {
    await session.resetPassword(username, code, password);
    toast({ text: t.reset });
    const step = await session.signIn(username, password);
    navigate(step.next === 'done' ? '/tasks' : '/signin', { replace: true });
  };
  return (
    <Step title={t.codeTitle} lead={t.resetLead(username)}>
      <form
        className="space-y-5"
        onSubmit={(event) => {
          event.preventDefault();
          void act(reset);
        }}
      >
        <Problem>{problem}</Problem>
        <Field
          label={t.code}
          value={code}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          pattern="[0-9]{6}"
          title={texts.problems.code}
          onChange={(event) => setCode(event.target.value.replace(/\D/g, '').slice(0, 6))}
          className="h-11 font-mono tracking-widest"
        />
        <PasswordField
          label={t.newPassword}
          hint={t.passwordHint}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          autoComplete="new-password"
          minLength={8}
          required
        />
        <Button type="submit" look="primary" className="w-full" aria-disabled={busy}>
          {texts.save}
        </Button>
        <Mailbox />
      </form>
    </Step>
  );
}
