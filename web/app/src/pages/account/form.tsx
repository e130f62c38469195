import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Problem } from '../../ui/field.tsx';
import { useAct } from './problem.ts';

export interface AccountFormProps {
  /** What the button says. */
  submit: string;
  /** What it does, once at a time; an error is shown. */
  onSubmit: () => Promise<unknown>;
  /** Words for errors that mean something else here. */
  problems?: Readonly<Record<string, string>>;
  /** Of a dialog: puts a button beside, with which nothing is done. */
  onCancel?: () => void;
  /** What it does cannot be taken back. */
  danger?: boolean;
  /** Whether the fields are not yet as they have to be. */
  disabled?: boolean;
  children: ReactNode;
}

/** A form of an account: its fields, what went wrong, and the one thing that it does. */
export function AccountForm({ submit, onSubmit, problems, onCancel, ...rest }: AccountFormProps) {
  const { danger, disabled, children } = rest;
  const { busy, problem, act } = useAct(problems);
  const button = (
    <Button
      type="submit"
      look={danger ? 'danger' : 'primary'}
      className={onCancel ? '' : 'w-full'}
      disabled={disabled}
      aria-disabled={busy}
    >
      {submit}
    </Button>
  );
  return (
    <form
      className="space-y-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (!disabled) void act(onSubmit);
      }}
    >
      <Problem>{problem}</Problem>
      {children}
      {onCancel ? (
        <div className="flex justify-end gap-2">
          <Button onClick={onCancel}>{texts.cancel}</Button>
          {button}
        </div>
      ) : (
        button
      )}
    </form>
  );
}
