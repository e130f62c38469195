import { useSession } from '@freshet/react';
import { useState } from 'react';
import { Link, navigate, usePlace } from '../../router/router.tsx';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Problem } from '../../ui/field.tsx';
import { AccountPage, linkLook, Step } from '../account/layout.tsx';
import { SignIn } from '../account/signin.tsx';

const t = texts.setup;

/** Redeems the link of the first administrator. Its secret is behind the #, which is sent to nobody but by the button. */
export default function SetupPage() {
  const { fragment } = usePlace();
  const { session, profile } = useSession();
  const [group, setGroup] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function redeem(): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      const { Authorization } = await session.headers();
      const response = await fetch('/setup', {
        method: 'POST',
        headers: { authorization: `Bearer ${Authorization}`, 'content-type': 'application/json' },
        body: JSON.stringify({ secret: fragment }),
      });
      const body = (await response.json()) as { group?: string; errors?: { message: string }[] };
      if (body.group === undefined) throw new Error(body.errors?.[0]?.message ?? texts.problems.other);
      await session.renew?.().catch(() => {}); // the next tokens name the group
      navigate('/setup', { replace: true });
      setGroup(body.group);
    } catch (error) {
      setProblem(
        error instanceof TypeError
          ? texts.problems.Network
          : error instanceof Error
            ? error.message
            : texts.problems.other,
      );
    }
    setBusy(false);
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
        <div className="space-y-5">
          <Problem>{problem}</Problem>
          <p className="text-soft">{profile.email ?? profile.username}</p>
          <Button
            look="primary"
            className="w-full"
            aria-disabled={busy}
            onClick={() => busy || void redeem()}
          >
            {t.go}
          </Button>
        </div>
      </Step>
    );
  }
}
