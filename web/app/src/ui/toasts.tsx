import { Toast } from 'radix-ui';
import { useSyncExternalStore } from 'react';
import { texts } from '../texts.ts';
import { Button } from './button.tsx';
import { CloseIcon } from './icons.tsx';

/** What is told in passing, with what may be done about it. */
export interface Notice {
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** It is there until it is closed. */
  readonly stays?: boolean;
}

type Shown = Notice & { readonly id: number };

let shown: readonly Shown[] = [];
let last = 0;
const listeners = new Set<() => void>();

function show(notices: readonly Shown[]): void {
  shown = notices;
  for (const listener of [...listeners]) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export function toast(notice: Notice): void {
  show([...shown.slice(-2), { ...notice, id: ++last }]);
}

/** Tells what was done, with the way back. */
export const undoable = (text: string, undo: () => void): void =>
  toast({ text, action: { label: texts.undo, run: undo } });

/** Takes back the latest thing that can be. False: there is nothing. */
export function undoLatest(): boolean {
  const latest = shown.findLast(({ action }) => action?.label === texts.undo);
  if (!latest) return false;
  close(latest.id);
  latest.action?.run();
  return true;
}

const close = (id: number) => show(shown.filter((notice) => notice.id !== id));

const patience = 7000; // ms; it waits while it has the focus or the mouse

export function Toasts() {
  const notices = useSyncExternalStore(subscribe, () => shown);
  return (
    <Toast.Provider duration={patience} swipeDirection="down">
      {notices.map(({ id, text, action, stays }) => (
        <Toast.Root
          key={id}
          duration={stays ? Number.POSITIVE_INFINITY : patience}
          onOpenChange={(open) => open || close(id)}
          className="animate-rise flex items-center gap-1 rounded-xl bg-text py-1.5 pr-1.5 pl-4 text-ground shadow-float"
        >
          <Toast.Description className="min-w-0 flex-1 py-1">{text}</Toast.Description>
          {action && (
            <Toast.Action asChild altText={action.label}>
              <Button
                small
                look="quiet"
                className="font-semibold underline underline-offset-4 hover:bg-transparent"
                onClick={action.run}
              >
                {action.label}
              </Button>
            </Toast.Action>
          )}
          <Toast.Close asChild>
            <button
              type="button"
              aria-label={texts.close}
              className="grid size-8 shrink-0 place-items-center rounded-lg"
            >
              <CloseIcon className="size-4" />
            </button>
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className="fixed inset-x-4 bottom-20 z-50 mx-auto flex max-w-md flex-col gap-2 md:right-6 md:bottom-6 md:left-auto md:mx-0 md:w-96" />
    </Toast.Provider>
  );
}
