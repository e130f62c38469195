import { useSession } from '@freshet/react';
import { useState } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { PasswordField } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { NewPasswordField } from '../account/fields.tsx';
import { AccountForm } from '../account/form.tsx';
import { Factors } from './factors.tsx';
import { Row, Section } from './section.tsx';

const t = texts.settings;

export function Security() {
  const [open, setOpen] = useState(false);
  return (
    <Section title={t.security}>
      <Row title={t.password} hint={t.changeHint}>
        <Button onClick={() => setOpen(true)}>{t.changePassword}</Button>
      </Row>
      <Factors />
      {open && <ChangePassword onClose={() => setOpen(false)} />}
    </Section>
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
        <NewPasswordField label={t.next} value={next} onText={setNext} />
      </AccountForm>
    </Dialog>
  );
}
