import { type RefObject, useDeferredValue } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/button.tsx';
import { ArrangeIcon, CloseIcon, SearchIcon } from '../../ui/icons.tsx';
import { Menu, MenuChoice, MenuLine } from '../../ui/menu.tsx';
import { Segments } from '../../ui/segments.tsx';
import type { View } from './arrange.ts';

const t = texts.tasks;

export interface BarProps {
  view: View;
  count: number;
  field: RefObject<HTMLInputElement | null>;
  onChange: (view: Partial<View>) => void;
}

/** What is above the list: which tasks, in which order, with which words. */
export function Bar({ view, count, field, onChange }: BarProps) {
  const told = useDeferredValue(count);
  return (
    <div className="flex items-center gap-2">
      <Segments
        label={t.show.label}
        value={view.show}
        options={[
          ['open', t.show.open],
          ['done', t.show.done],
          ['all', t.show.all],
        ]}
        onChange={(show) => onChange({ show })}
      />
      <div className="relative min-w-0 flex-1">
        <SearchIcon className="pointer-events-none absolute top-2.5 left-3 size-5 text-soft" />
        <input
          ref={field}
          type="search"
          enterKeyHint="search"
          value={view.words}
          aria-label={t.search}
          placeholder={t.search}
          onChange={(event) => onChange({ words: event.target.value })}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            if (view.words) onChange({ words: '' });
            else event.currentTarget.blur();
          }}
          className={`h-10 w-full rounded-lg bg-sunken pl-10 text-base md:text-[.9375rem] ${view.words ? 'pr-10' : 'pr-2'}`}
        />
        {view.words && (
          <button
            type="button"
            aria-label={t.clear}
            onClick={() => {
              onChange({ words: '' });
              field.current?.focus();
            }}
            className="absolute inset-y-0 right-0 grid w-10 place-items-center rounded-lg text-soft hover:text-text"
          >
            <CloseIcon className="size-4" />
          </button>
        )}
      </div>
      <Menu
        trigger={
          <IconButton
            label={t.arrange}
            className={view.sort !== 'newest' || view.who !== 'everyone' ? 'bg-tint text-accent' : ''}
          >
            <ArrangeIcon />
          </IconButton>
        }
      >
        <MenuChoice
          label={t.sort.label}
          value={view.sort}
          options={[
            ['newest', t.sort.newest],
            ['due', t.sort.due],
            ['title', t.sort.title],
            ['changed', t.sort.changed],
          ]}
          onChange={(sort) => onChange({ sort })}
        />
        <MenuLine />
        <MenuChoice
          label={t.who.label}
          value={view.who}
          options={[
            ['everyone', t.who.everyone],
            ['mine', t.who.mine],
            ['shared', t.who.shared],
          ]}
          onChange={(who) => onChange({ who })}
        />
      </Menu>
      <p role="status" className="sr-only">
        {t.count(told)}
      </p>
    </div>
  );
}
