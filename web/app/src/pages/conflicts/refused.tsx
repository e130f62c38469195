import type { Rejected } from '@freshet/client';
import { useRejected } from '@freshet/react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { When } from '../../ui/when.tsx';
import { fieldName, fieldText } from '../tasks/fieldtext.ts';
import { RecordLink, useShown } from './record.tsx';

const t = texts.conflicts;

/** A write that the server did not accept: what it was, why not, and whether it is tried again. */
export function RefusedCard({ refused }: { refused: Rejected }) {
  const { retry, dismiss } = useRejected();
  const { write, code, message, at } = refused;
  const record = useShown(write.model, write.key);
  const name = typeof write.fields.title === 'string' ? write.fields.title : undefined;
  const fields = Object.entries(write.fields).filter(([field]) => field in texts.fields);
  return (
    <article className="rounded-2xl border border-line bg-panel p-4 md:p-5">
      <header className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h3 className="min-w-0 font-semibold wrap-anywhere">
          <span className="font-normal text-soft">{t.wrote[write.op]}</span>{' '}
          <RecordLink model={write.model} id={write.key} record={record} name={name} />
        </h3>
        <span className="text-sm text-soft">
          <When at={at} />
        </span>
      </header>
      <p className="mt-2 text-danger">{reasonOf(code)}</p>
      {fields.length > 0 && (
        <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-5 gap-y-1 rounded-xl bg-sunken p-3.5 [&_dt]:text-soft">
          {fields.map(([field, value]) => (
            <div key={field} className="contents">
              <dt>{fieldName(field)}</dt>
              <dd className="line-clamp-4 min-w-0 wrap-anywhere">
                {fieldText(field, value) || <em className="text-soft">{t.empty}</em>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <details className="mt-3 text-sm text-soft">
        <summary>{texts.status.reason}</summary>
        <p className="mt-1 wrap-anywhere">{message}</p>
      </details>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button look="primary" onClick={() => void retry(refused)}>
          {t.retry}
        </Button>
        <Button onClick={() => void dismiss(refused)}>{t.dismiss}</Button>
      </div>
    </article>
  );
}

const reasonOf = (code: string) => (t.reasons as Record<string, string>)[code] ?? t.reasons.other;
