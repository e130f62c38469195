import { useSession } from '@freshet/react';
import { useState } from 'react';
import { forgetPeople } from '../../server/people.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { AccountForm } from '../account/form.tsx';
import { Row, Section } from './section.tsx';

const t = texts.settings;

/** The end of an account, which nobody comes to by mistake. */
export function Removal() {
  const { session, profile } = useSession();
  const [asked, setAsked] = useState(false);
  const [typed, setTyped] = useState('');
  const word = profile?.email ?? profile?.username ?? '';
  const isSure = typed.trim().toLowerCase() === word.toLowerCase();
  const remove = async () => {
    await session.deleteAccount();
    forgetPeople();
    toast({ text: t.removed });
  };
  return (
    <Section title={t.remove}>
      <Row title={t.remove} hint={t.removeHint}>
        <Button className="text-danger" onClick={() => setAsked(true)}>
          {t.remove}
        </Button>
      </Row>
      {asked && (
        <Dialog title={t.remove} onClose={() => setAsked(false)}>
          <AccountForm
            submit={t.remove}
            onSubmit={remove}
            onCancel={() => setAsked(false)}
            danger
            disabled={!isSure}
          >
            <p>{t.removeHint}</p>
            <Field
              label={t.removeField}
              hint={t.removeSure(word)}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
            />
          </AccountForm>
        </Dialog>
      )}
    </Section>
  );
}
