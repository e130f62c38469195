import type { Conflict } from '@freshet/client';
import { useConflicts } from '@freshet/react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { toast } from '../../ui/toasts.tsx';
import { When } from '../../ui/when.tsx';
import { fieldName, fieldText } from '../tasks/fieldtext.ts';
import { RecordLink, useShown } from './record.tsx';

const t = texts.conflicts;

/** A field that two people changed: both values, and which one stays. */
export function ConflictCard({ conflict }: { conflict: Conflict }) {
  const { accept, restore } = useConflicts();
  const record = useShown(conflict.model, conflict.key);
  const [field = ''] = conflict.field.split('.');
  const now = record && !conflict.field.includes('.') ? record[field] : conflict.theirs;
  const decide = async (decision: (conflict: Conflict) => Promise<void>, text: string) => {
    await decision(conflict);
    toast({ text });
  };
  return (
    <article className="rounded-2xl border border-line bg-panel p-4 md:p-5">
      <header className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 className="min-w-0 font-semibold wrap-anywhere">
          <RecordLink model={conflict.model} id={conflict.key} record={record} />{' '}
          <span className="font-normal text-soft">· {fieldName(field)}</span>
        </h2>
        <span className="text-sm text-soft">
          <When at={conflict.at} />
        </span>
      </header>
      <div className="mt-4 grid gap-3 sm:grid-cols-2">
        <Side title={t.yours} mine>
          {fieldText(field, conflict.yours)}
        </Side>
        <Side title={t.theirs}>{fieldText(field, now)}</Side>
      </div>
      <details className="mt-3 text-sm text-soft">
        <summary>{t.base}</summary>
        <p className="mt-1 line-clamp-6 whitespace-pre-wrap wrap-anywhere">
          {fieldText(field, conflict.base) || <em>{t.empty}</em>}
        </p>
      </details>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button look="primary" onClick={() => void decide(restore, t.used)}>
          {t.keepYours}
        </Button>
        <Button onClick={() => void decide(accept, t.kept)}>{t.keepTheirs}</Button>
      </div>
    </article>
  );
}

function Side({ title, mine, children }: { title: string; mine?: boolean; children: ReactNode }) {
  return (
    <div className={`rounded-xl p-3.5 ${mine ? 'bg-tint' : 'bg-sunken'}`}>
      <p className="text-sm font-medium text-soft">{title}</p>
      <p className="mt-1 line-clamp-[12] whitespace-pre-wrap wrap-anywhere">
        {children || <em className="text-soft">{t.empty}</em>}
      </p>
    </div>
  );
}
