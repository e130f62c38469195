import { useClient, useSession, useStatus } from '@freshet/react';
import { useState } from 'react';
import { forgetPeople } from '../../server/people.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Problem } from '../../ui/field.tsx';
import { useAct } from '../account/problem.ts';
import { Row, Section } from './section.tsx';
import { Sessions } from './sessions.tsx';

const t = texts.settings;

/** What is on this device, and how one leaves it. */
export function Device() {
  const { session } = useSession();
  const pending = useStatus((status) => status.pending);
  const [asked, setAsked] = useState<'here' | 'everywhere'>();
  const { problem, act } = useAct();
  const leaveHere = async () => {
    forgetPeople();
    await session.signOut().catch(() => {}); // out it is, also where the server could not be told
  };
  const leaveAll = async () => {
    await session.signOutEverywhere();
    forgetPeople();
  };
  return (
    <Section title={t.sessions}>
      <Sessions />
      <Row title={t.signOut} hint={t.signOutHint}>
        <Button onClick={() => (pending > 0 ? setAsked('here') : void leaveHere())}>{t.signOut}</Button>
      </Row>
      <Row title={t.signOutEverywhere} hint={t.everywhereHint}>
        <Button onClick={() => setAsked('everywhere')}>{t.signOutEverywhere}</Button>
      </Row>
      {pending > 0 && <Waiting count={pending} />}
      {asked && (
        <Dialog
          title={asked === 'here' ? t.unsentTitle : t.signOutEverywhere}
          onClose={() => setAsked(undefined)}
        >
          <Problem>{problem}</Problem>
          {asked === 'everywhere' && <p>{t.everywhereSure}</p>}
          {pending > 0 && <p className="mt-2">{t.unsent(pending)}</p>}
          <div className="mt-6 flex justify-end gap-2">
            <Button onClick={() => setAsked(undefined)}>{texts.cancel}</Button>
            <Button look="primary" onClick={() => void act(asked === 'here' ? leaveHere : leaveAll)}>
              {asked === 'here' ? t.signOut : t.signOutEverywhere}
            </Button>
          </div>
        </Dialog>
      )}
    </Section>
  );
}

/** The writes that wait can be taken along as a file. */
function Waiting({ count }: { count: number }) {
  const client = useClient();
  const save = async () => {
    const file = new Blob([JSON.stringify(await client.outbox.export(), null, 2)], {
      type: 'application/json',
    });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = 'freshet-waiting.json';
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <Row title={t.waiting} hint={String(count)}>
      <Button onClick={() => void save()}>{t.exportWaiting}</Button>
    </Row>
  );
}
