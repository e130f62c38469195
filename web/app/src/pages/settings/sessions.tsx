import { type ReactNode, useEffect, useState } from 'react';
import { endSession, type SignedIn, sessions } from '../../server/account.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Problem } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { When } from '../../ui/when.tsx';
import { useAct } from '../account/problem.ts';
import { programOf } from './agent.ts';
import { Row } from './section.tsx';

const t = texts.sessions;

/** Where the user is signed in, this browser first. */
export function Sessions() {
  const [list, setList] = useState<readonly SignedIn[]>();
  const [missing, setMissing] = useState(false);
  const { problem, act } = useAct();
  useEffect(() => {
    let ended = false;
    sessions().then(
      (known) => ended || setList(known),
      () => ended || setMissing(true),
    );
    return () => {
      ended = true;
    };
  }, []);
  const end = (one: SignedIn) =>
    act(async () => {
      await endSession(one.id);
      toast({ text: t.ended(nameOf(one)) });
      setList(await sessions());
    });
  const own = list?.find(({ current }) => current);
  const others = list?.filter(({ current }) => !current) ?? [];
  return (
    <>
      <Problem>{problem}</Problem>
      {missing && <p className="text-soft">{t.missing}</p>}
      <ul aria-label={t.list} className={`space-y-4 ${missing ? 'empty:hidden' : 'min-h-11'}`}>
        {own && <One one={own} />}
        {others.map((one) => (
          <One key={one.id} one={one} app={own?.app === one.app ? undefined : one.app}>
            <Button aria-label={t.endOf(nameOf(one))} onClick={() => void end(one)}>
              {t.end}
            </Button>
          </One>
        ))}
      </ul>
    </>
  );
}

function One({ one, app, children }: { one: SignedIn; app?: string | undefined; children?: ReactNode }) {
  return (
    <li className="border-t border-line pt-4 first:border-0 first:pt-0">
      <Row
        title={
          <>
            {nameOf(one)}
            {one.current && (
              <span className="ml-2 rounded-full bg-tint px-2 py-0.5 text-sm">{t.current}</span>
            )}
          </>
        }
        hint={
          <>
            {t.since} <When at={Date.parse(one.signedIn)} />
            {' · '}
            {t.used} <When at={Date.parse(one.used)} />
            {app && ` · ${t.by(app)}`}
          </>
        }
      >
        {children}
      </Row>
    </li>
  );
}

function nameOf({ agent = '' }: SignedIn): string {
  const { browser, system, name } = programOf(agent);
  if (browser && system) return t.on(browser, system);
  return browser ?? system ?? name ?? t.unknown;
}
