import { useStatus } from '@freshet/react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Empty } from '../../ui/empty.tsx';
import { CheckIcon, PeopleIcon, PlusIcon, SearchIcon } from '../../ui/icons.tsx';
import { usualView, type View } from './arrange.ts';

const t = texts.tasks;

export interface NothingProps {
  view: View;
  /** Whether there are tasks that the view does not show. */
  any: boolean;
  onChange: (view: Partial<View>) => void;
}

/** Why the list is empty, and what to do about it. */
export function Nothing({ view, any, onChange }: NothingProps) {
  const { connection, firstSync } = useStatus();
  const reset = <Button onClick={() => onChange({ ...usualView, show: 'all' })}>{t.resetView}</Button>;
  if (view.words) {
    return (
      <Empty icon={<SearchIcon className="size-7" />} title={t.noMatch(view.words)}>
        <p>{t.noMatchText}</p>
        {reset}
      </Empty>
    );
  }
  if (any && view.who !== 'everyone') {
    return (
      <Empty icon={<PeopleIcon className="size-7" />} title={t.noneOfWho}>
        <p>{t.noneOfWhoText}</p>
        {reset}
      </Empty>
    );
  }
  if (any) {
    const [title, text] = t.emptyShow[view.show];
    return (
      <Empty icon={<CheckIcon className="size-7" />} title={title}>
        <p>{text}</p>
      </Empty>
    );
  }
  if (!firstSync.done) {
    const away = connection === 'offline' || connection === 'unauthenticated';
    return (
      <Empty title={t.first}>
        <p>{away ? t.firstOffline : t.firstText(firstSync.received)}</p>
      </Empty>
    );
  }
  return (
    <Empty icon={<PlusIcon className="size-7" />} title={t.empty.title}>
      <p>{t.empty.text}</p>
      <p className="hidden text-sm md:block">
        <kbd className="kbd">n</kbd> {t.empty.tip} · <kbd className="kbd">?</kbd> {t.empty.tipHelp}
      </p>
    </Empty>
  );
}
