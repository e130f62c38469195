import { useClient } from '@freshet/react';
import { type FormEvent, type RefObject, useState } from 'react';
import { texts } from '../../texts.ts';
import { PlusIcon } from '../../ui/icons.tsx';
import { newId } from './ids.ts';

/** One field, Enter: a task. */
export function Add({ field }: { field: RefObject<HTMLInputElement | null> }) {
  const client = useClient();
  const [title, setTitle] = useState('');
  const add = (event: FormEvent) => {
    event.preventDefault();
    const words = title.trim();
    if (!words) return;
    setTitle('');
    client.tasks.create({ id: newId(), title: words }).catch(() => setTitle(words));
  };
  return (
    <form onSubmit={add} className="relative">
      <PlusIcon className="pointer-events-none absolute top-3 left-3.5 size-5 text-accent" />
      <input
        ref={field}
        value={title}
        onChange={(event) => setTitle(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        aria-label={texts.tasks.add}
        placeholder={texts.tasks.add}
        enterKeyHint="done"
        autoComplete="off"
        maxLength={1000}
        className="peer h-11 w-full rounded-xl border border-edge bg-panel pr-28 pl-11 text-base shadow-xs md:text-[.9375rem]"
      />
      <span
        aria-hidden="true"
        className="pointer-events-none absolute top-3 right-3.5 hidden text-sm text-soft peer-focus:peer-not-placeholder-shown:block"
      >
        {texts.tasks.addHint}
      </span>
    </form>
  );
}
