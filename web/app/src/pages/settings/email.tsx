import { useSession } from '@freshet/react';
import { useState } from 'react';
import { changeEmail, resendEmailCode, verifyEmail } from '../../server/account.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { CodeForm } from '../account/code.tsx';
import { AccountForm } from '../account/form.tsx';
import { Row } from './section.tsx';

const t = texts.changeEmail;

/** The address of the account, and how one takes another. */
export function Email() {
  const { profile } = useSession();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Row
        title={t.email}
        hint={<span className="wrap-anywhere">{profile?.email ?? profile?.username}</span>}
      >
        <Button onClick={() => setOpen(true)}>{t.change}</Button>
      </Row>
      {open && <ChangeEmail onClose={() => setOpen(false)} />}
    </>
  );
}

/** The new address counts when its code was given; until then the old one does. */
function ChangeEmail({ onClose }: { onClose: () => void }) {
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const address = email.trim();
  const done = () => {
    toast({ text: t.changed(address) });
    onClose();
  };
  return (
    <Dialog title={t.change} onClose={onClose}>
      {sent ? (
        <div className="space-y-5">
          <p>{texts.account.codeLead(address)}</p>
          <CodeForm
            mailed
            onCode={async (code) => {
              await verifyEmail(code);
              done();
            }}
            onResend={resendEmailCode}
          />
        </div>
      ) : (
        <AccountForm
          submit={texts.account.sendCode}
          onSubmit={async () => ((await changeEmail(address)) ? setSent(true) : done())}
          onCancel={onClose}
        >
          <Field
            label={t.next}
            hint={t.hint}
            type="email"
            autoComplete="email"
            required
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </AccountForm>
      )}
    </Dialog>
  );
}
