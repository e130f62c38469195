import { useRef, useState } from 'react';

/** A text that is being changed, while others may change it too. */
export interface Draft {
  /** What the field shows. */
  readonly text: string;
  readonly begin: () => void;
  readonly write: (text: string) => void;
  /** Keeps what was written; where somebody else changed the text meanwhile, `theirs` is to be decided about first. */
  readonly finish: () => void;
  readonly cancel: () => void;
  /** What somebody else wrote while this was being written. */
  readonly theirs: string | undefined;
  readonly keepMine: () => void;
  readonly takeTheirs: () => void;
}

/**
 * Holds what is typed until it is kept. What others write meanwhile does not replace it under the hands of who types, and
 * is not replaced unseen either.
 */
export function useDraft(value: string, save: (text: string) => void): Draft {
  const [draft, setDraft] = useState<{ text: string; base: string }>();
  const [theirs, setTheirs] = useState<string>();
  // Keys and focus come faster than renders.
  const latest = useRef<typeof draft>(undefined);
  const set = (next: typeof draft) => {
    latest.current = next;
    setDraft(next);
  };
  const end = () => {
    set(undefined);
    setTheirs(undefined);
  };
  return {
    text: draft?.text ?? value,
    begin: () => latest.current ?? set({ text: value, base: value }),
    write: (text) => set({ text, base: latest.current?.base ?? value }),
    finish: () => {
      const written = latest.current;
      if (!written) return;
      if (written.text === written.base || written.text === value) end();
      else if (value !== written.base) setTheirs(value);
      else {
        save(written.text);
        end();
      }
    },
    cancel: end,
    theirs,
    keepMine: () => {
      if (latest.current) save(latest.current.text);
      end();
    },
    takeTheirs: end,
  };
}
