import { useConflicts, useRejected } from '@freshet/react';
import { Page } from '../../shell/page.tsx';
import { texts } from '../../texts.ts';
import { Empty } from '../../ui/empty.tsx';
import { CheckIcon } from '../../ui/icons.tsx';
import { ConflictCard } from './conflict.tsx';
import { RefusedCard } from './refused.tsx';

const t = texts.conflicts;

/** What could not be merged, and what the server did not accept: for somebody to decide. */
export default function ConflictsPage() {
  const { conflicts } = useConflicts();
  const { rejected } = useRejected();
  const causes = rejected.filter(
    ({ number, cause }) => number === cause || !rejected.some((other) => other.number === cause),
  );
  const none = conflicts.length === 0 && causes.length === 0;
  return (
    <Page title={t.title} {...(conflicts.length > 0 && { lead: t.lead })}>
      {none && (
        <Empty icon={<CheckIcon className="size-7" />} title={t.none}>
          <p>{t.noneText}</p>
        </Empty>
      )}
      {conflicts.length > 0 && (
        <ul className="space-y-4">
          {conflicts.map((conflict) => (
            <li key={`${conflict.model} ${conflict.key} ${conflict.field}`}>
              <ConflictCard conflict={conflict} />
            </li>
          ))}
        </ul>
      )}
      {causes.length > 0 && (
        <section aria-labelledby="refused" className={conflicts.length > 0 ? 'mt-10' : ''}>
          <h2 id="refused" className="text-lg font-semibold">
            {t.refused}
          </h2>
          <p className="mt-1 text-soft">{t.refusedLead}</p>
          <ul className="mt-4 space-y-4">
            {causes.map((refused) => (
              <li key={refused.number}>
                <RefusedCard refused={refused} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </Page>
  );
}
