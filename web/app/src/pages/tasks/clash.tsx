import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import type { Draft } from './draft.ts';

const t = texts.task;

/** What somebody else wrote in the same field meanwhile, and which of both stays. */
export function Clash({ field, draft: { theirs, keepMine, takeTheirs } }: { field: string; draft: Draft }) {
  if (theirs === undefined) return null;
  return (
    <div role="alert" className="animate-rise mt-2 rounded-lg bg-warn-tint p-3">
      <p className="text-sm text-warn">{t.clash(field)}</p>
      <p className="mt-1 line-clamp-6 whitespace-pre-wrap wrap-anywhere">{theirs || <em>{t.emptied}</em>}</p>
      <div className="mt-3 flex gap-2">
        <Button small look="primary" onClick={keepMine}>
          {t.keepMine}
        </Button>
        <Button small onClick={takeTheirs}>
          {t.takeTheirs}
        </Button>
      </div>
    </div>
  );
}
