import { useSession } from '@freshet/react';
import { useEffect, useState } from 'react';
import { displayName, setDisplayName } from '../../server/account.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Field, Problem } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { useAct } from '../account/problem.ts';
import { Email } from './email.tsx';
import { Section } from './section.tsx';

const t = texts.settings;

export function Profile() {
  const { profile } = useSession();
  const [saved, setSaved] = useState<string>();
  const [name, setName] = useState('');
  const { busy, problem, act } = useAct();
  useEffect(() => {
    let ended = false;
    displayName().then(
      (known) => {
        if (ended) return;
        setSaved(known);
        setName(known);
      },
      () => {}, // the field stays closed: without a connection it cannot be changed
    );
    return () => {
      ended = true;
    };
  }, []);
  const save = async () => {
    await setDisplayName(name.trim());
    setSaved(name.trim());
    toast({ text: t.nameSaved });
  };
  const changed = saved !== undefined && name.trim() !== saved;
  return (
    <Section title={t.profile}>
      <Email />
      {profile && profile.groups.length > 0 && (
        <dl className="flex gap-x-6 [&_dt]:text-soft">
          <dt>{t.groups}</dt>
          <dd>{profile.groups.join(', ')}</dd>
        </dl>
      )}
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (changed) void act(save);
        }}
      >
        <Problem>{problem}</Problem>
        <Field
          label={t.name}
          hint={t.nameHint}
          value={name}
          disabled={saved === undefined}
          maxLength={100}
          autoComplete="name"
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" look={changed ? 'primary' : 'plain'} disabled={!changed} aria-disabled={busy}>
          {texts.save}
        </Button>
      </form>
    </Section>
  );
}
