import { useEffect, useId, useState } from 'react';
import { type Published, publish, publishedSince, ServerError, unpublish } from '../../agenda/server.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { inputLook, Problem } from '../../ui/field.tsx';
import { LinkIcon } from '../../ui/icons.tsx';
import { toast } from '../../ui/toasts.tsx';
import { texts } from './texts.ts';

const t = texts.publish;

/** Links by which anybody reads a calendar, and the end of them. */
export function Publish({ calendar }: { calendar: string }) {
  const id = useId();
  const [since, setSince] = useState<string>();
  const [links, setLinks] = useState<Published>();
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    let wanted = true;
    publishedSince(calendar).then(
      (known) => wanted && setSince(known),
      (error) => wanted && setProblem(reasonOf(error)),
    );
    return () => {
      wanted = false;
    };
  }, [calendar]);

  const attempt = (work: () => Promise<void>) => () => {
    setProblem(undefined);
    work().catch((error) => setProblem(reasonOf(error)));
  };
  const make = attempt(async () => {
    setLinks(await publish(calendar));
    setSince('');
  });
  const end = attempt(async () => {
    await unpublish(calendar);
    setLinks(undefined);
    setSince(undefined);
    toast({ text: t.ended });
  });
  const isOn = since !== undefined;
  return (
    <section aria-labelledby={id}>
      <h3 id={id} className="font-medium">
        {t.title}
      </h3>
      <p className="mt-0.5 mb-3 text-sm text-soft">{isOn ? t.on : t.off}</p>
      {links && (
        <div className="mb-3 space-y-3">
          <Copied label={t.page} address={links.page} />
          <Copied label={t.feed} address={links.feed} />
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        <Button onClick={make}>{isOn ? t.again : t.make}</Button>
        {isOn && (
          <Button look="quiet" className="text-danger" onClick={end}>
            {t.end}
          </Button>
        )}
      </div>
      {isOn && <p className="mt-2 text-sm text-soft">{t.againHint}</p>}
      <div className="mt-2">
        <Problem>{problem}</Problem>
      </div>
    </section>
  );
}

/** An address, and a button that copies it. */
function Copied({ label, address }: { label: string; address: string }) {
  const id = useId();
  const copy = async () => {
    await navigator.clipboard.writeText(address);
    toast({ text: t.copied });
  };
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <div className="flex gap-1">
        <input
          id={id}
          readOnly
          value={address}
          onFocus={(event) => event.currentTarget.select()}
          className={`${inputLook} h-10 text-sm`}
        />
        <IconButton label={t.copy(label)} onClick={() => void copy()}>
          <LinkIcon />
        </IconButton>
      </div>
    </div>
  );
}

function reasonOf(error: unknown): string {
  const code = error instanceof ServerError ? error.code : '';
  return code === 'network' ? t.network : code === 'not_found' || code === 'forbidden' ? t.later : t.failed;
}
