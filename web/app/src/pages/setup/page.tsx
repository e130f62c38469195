import { useSession } from '@freshet/react';
import { useState } from 'react';
import { Link, navigate, usePlace } from '../../router/router.tsx';
import { redeemSetup } from '../../server/account.ts';
import { texts } from '../../texts.ts';
import { AccountForm } from '../account/form.tsx';
import { AccountPage, linkLook, Step } from '../account/layout.tsx';
import { SignIn } from '../account/signin.tsx';

const t = texts.setup;

/** Redeems the link of the first administrator. Its secret is behind the #, which is sent to nobody but by the button. */
export default function SetupPage() {
  const { fragment } = usePlace();
  const { profile } = useSession();
  const [group, setGroup] = useState<string>();

  async function redeem(): Promise<void> {
    const joined = await redeemSetup(fragment);
    navigate('/setup', { replace: true });
    setGroup(joined);
  }

  return <AccountPage>{contents()}</AccountPage>;

  function contents() {
    if (group !== undefined) {
      return (
        <Step title={t.done} lead={t.doneText(group)}>
          <Link to="/tasks" className={linkLook}>
            {t.toTasks}
          </Link>
        </Step>
      );
    }
    if (!fragment) return <Step title={t.noSecret} lead={t.noSecretText} />;
    if (!profile) return <SignIn lead={t.signIn} onDone={() => {}} />;
    return (
      <Step title={t.title} lead={t.lead}>
        <AccountForm submit={t.go} onSubmit={redeem}>
          <p className="text-soft">{profile.email ?? profile.username}</p>
        </AccountForm>
      </Step>
    );
  }
}
