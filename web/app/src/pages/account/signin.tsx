import type { Step as Asked } from '@freshet/client/accounts';
import { useState } from 'react';
import { Link, navigate, usePlace } from '../../router/router.tsx';
import { texts } from '../../texts.ts';
import { PasswordField } from '../../ui/field.tsx';
import { session } from '../../workspace.ts';
import { UsernameField } from './fields.tsx';
import { AccountForm } from './form.tsx';
import { AccountPage, linkLook, Step } from './layout.tsx';
import { Steps } from './steps.tsx';

const t = texts.account;

/** Where to go after a sign-in: an address of the app, and of nobody else. */
export function nextOf(search: URLSearchParams): string {
  const next = search.get('next') ?? '';
  return next.startsWith('/') && !/^\/[/\\]/.test(next) ? next : '/tasks';
}

export default function SignInPage() {
  const { search } = usePlace();
  return (
    <AccountPage>
      <SignIn onDone={() => navigate(nextOf(search), { replace: true })} />
    </AccountPage>
  );
}

/** Name and password, and whatever else the account asks for. */
export function SignIn({ lead = t.signInLead, onDone }: { lead?: string; onDone: () => void }) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [asked, setAsked] = useState<Asked>();
  const step = (next: Asked) => {
    if (next.next === 'done') onDone();
    else if (next.next === 'resetPassword') navigate(`/forgot?asked&name=${encodeURIComponent(username)}`);
    else setAsked(next);
  };
  const begin = async () => step(await session.signIn(username.trim(), password));
  if (asked) {
    return (
      <>
        <Steps key={asked.next} asked={asked} username={username.trim()} onStep={step} onConfirmed={begin} />
        <p className="mt-6 text-center">
          <button type="button" className={linkLook} onClick={() => setAsked(undefined)}>
            {t.again}
          </button>
        </p>
      </>
    );
  }
  return (
    <Step title={t.signIn} lead={lead}>
      <AccountForm submit={t.signIn} onSubmit={begin}>
        <UsernameField value={username} onText={setUsername} />
        <PasswordField
          label={t.password}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          autoComplete="current-password"
          required
        />
      </AccountForm>
      <div className="mt-6 flex flex-wrap justify-between gap-x-6 gap-y-3">
        <Link to="/forgot" className={linkLook}>
          {t.forgot}
        </Link>
        <Link to="/signup" className={linkLook}>
          {t.signUp}
        </Link>
      </div>
    </Step>
  );
}
