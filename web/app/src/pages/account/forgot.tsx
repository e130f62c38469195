import { useState } from 'react';
import { Link, navigate, usePlace } from '../../router/router.tsx';
import { texts } from '../../texts.ts';
import { Field } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { session } from '../../workspace.ts';
import { digitsOf, Mailbox } from './code.tsx';
import { NewPasswordField, UsernameField } from './fields.tsx';
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
            <UsernameField value={username} onText={setUsername} />
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
          onChange={(event) => setCode(digitsOf(event.target.value))}
          className="h-11 font-mono tracking-widest"
        />
        <NewPasswordField value={password} onText={setPassword} />
        <Mailbox />
      </AccountForm>
    </Step>
  );
}
