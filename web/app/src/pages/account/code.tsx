import { type ReactNode, useEffect, useRef, useState } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Field, Problem } from '../../ui/field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { linkLook } from './layout.tsx';
import { useAct } from './problem.ts';

const t = texts.account;
const digits = 6;

/** Gives what of a text is a code, or the beginning of one. */
export const digitsOf = (text: string) => text.replace(/\D/g, '').slice(0, digits);

export interface CodeFormProps {
  /** Takes the code; an error is shown. */
  onCode: (code: string) => Promise<unknown>;
  onResend?: () => Promise<unknown>;
  /** Whether the code comes by mail. */
  mailed?: boolean;
  children?: ReactNode;
}

/** A field for a code of six digits, which is taken as soon as it is whole. */
export function CodeForm({ onCode, onResend, mailed, children }: CodeFormProps) {
  const [code, setCode] = useState('');
  const { busy, problem, act } = useAct({
    NotAuthorized: texts.problems.ExpiredCode,
    AliasExists: texts.problems.addressTaken,
  });
  const resending = useAct();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    if (problem) field.current?.select();
  }, [problem]);
  const take = (text: string) => {
    const next = digitsOf(text);
    setCode(next);
    if (next.length === digits && next !== code) void act(() => onCode(next));
  };
  return (
    <form
      noValidate
      className="space-y-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (code.length === digits) void act(() => onCode(code));
        else field.current?.focus();
      }}
    >
      <Problem>{problem ?? resending.problem}</Problem>
      <Field
        ref={field}
        label={t.code}
        value={code}
        inputMode="numeric"
        autoComplete="one-time-code"
        pattern="[0-9]*"
        aria-invalid={problem ? true : undefined}
        onChange={(event) => take(event.target.value)}
        className="h-14 text-center font-mono text-2xl tracking-[.4em] md:text-2xl"
      />
      <Button type="submit" look="primary" className="w-full" aria-disabled={busy}>
        {t.confirm}
      </Button>
      {onResend && (
        <p className="text-center">
          <button
            type="button"
            className={linkLook}
            onClick={() =>
              void resending.act(async () => {
                await onResend();
                toast({ text: t.resent });
              })
            }
          >
            {t.resend}
          </button>
        </p>
      )}
      {mailed && <Mailbox />}
      {children}
    </form>
  );
}

/** On the machine of the server itself letters may be in a local mailbox; elsewhere nobody is told of it. */
export function Mailbox() {
  const [there, setThere] = useState(false);
  useEffect(() => {
    if (!/^(localhost|127\.0\.0\.1|\[::1\])$/.test(location.hostname)) return;
    const end = new AbortController();
    fetch('/console/mail', { method: 'HEAD', signal: end.signal }).then(
      ({ ok }) => setThere(ok),
      () => {},
    );
    return () => end.abort();
  }, []);
  if (!there) return null;
  return (
    <p className="rounded-lg bg-tint px-3 py-2.5 text-sm">
      {t.mailbox}{' '}
      <a href="/console/mail" target="_blank" rel="noopener" className={linkLook}>
        {t.openMailbox}
      </a>
    </p>
  );
}
