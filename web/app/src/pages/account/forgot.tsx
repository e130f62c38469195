import { useState } from 'react';
import { Link, navigate, usePlace } from '../../router/router.tsx';
import { texts } from '../../texts.ts';
import { Field, PasswordField } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { session } from '../../workspace.ts';
import { Mailbox } from './code.tsx';
import { AccountForm } from './form.tsx';
import { AccountPage, linkLook, Step } from './layout.tsx';

const t = texts.account;

/** Another password for who can read the mail of an account. */
export default function ForgotPage() {
  const { search } = usePlace();
  const [username, setUsername] = useState(search.get('name') ?? '');
  const [sent, setSent] = useState(false);
  const send = async () => {
    await session.forgotPassword(username.trim());
    setSent(true);
  };
  return (
    <AccountPage>
      {sent ? (
        <Reset username={username.trim()} />
      ) : (
        <Step title={t.forgotTitle} lead={search.has('asked') ? t.resetAsked : t.forgotLead}>
          <AccountForm submit={t.sendCode} onSubmit={send}>
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
          </AccountForm>
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
  const reset = async () => {
    await session.resetPassword(username, code, password);
    toast({ text: t.reset });
    const step = await session.signIn(username, password);
    navigate(step.next === 'done' ? '/tasks' : '/signin', { replace: true });
  };
  return (
    <Step title={t.codeTitle} lead={t.resetLead(username)}>
      <AccountForm submit={texts.save} onSubmit={reset}>
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
        <Mailbox />
      </AccountForm>
    </Step>
  );
}
