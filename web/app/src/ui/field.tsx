import { type InputHTMLAttributes, type ReactNode, useId, useState } from 'react';
import { texts } from '../texts.ts';
import { EyeIcon, EyeOffIcon } from './icons.tsx';

export const inputLook =
  'w-full rounded-lg border border-edge bg-panel px-3 text-base md:text-[.9375rem] aria-invalid:border-danger disabled:opacity-60';

export interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  ref?: React.Ref<HTMLInputElement>;
}

/** A text field with its label, and beneath it what helps or what is wrong. */
export function Field({ label, hint, error, className = 'h-11', ...rest }: FieldProps) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block font-medium">
        {label}
      </label>
      <input
        id={id}
        className={`${inputLook} ${className}`}
        aria-invalid={error ? true : undefined}
        aria-describedby={error || hint ? `${id}-about` : undefined}
        {...rest}
      />
      <Beneath id={`${id}-about`} hint={hint} error={error} />
    </div>
  );
}

export function PasswordField({ label, hint, error, ...rest }: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          id={id}
          type={shown ? 'text' : 'password'}
          className={`${inputLook} h-11 pr-12`}
          autoCapitalize="none"
          spellCheck={false}
          aria-invalid={error ? true : undefined}
          aria-describedby={error || hint ? `${id}-about` : undefined}
          {...rest}
        />
        <button
          type="button"
          className="absolute inset-y-0.5 right-0.5 grid w-10 place-items-center rounded-md text-soft hover:text-text"
          aria-label={shown ? texts.account.hide : texts.account.show}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {shown ? <EyeOffIcon /> : <EyeIcon />}
        </button>
      </div>
      <Beneath id={`${id}-about`} hint={hint} error={error} />
    </div>
  );
}

function Beneath({ id, hint, error }: { id: string; hint?: ReactNode; error?: string | undefined }) {
  if (!error && !hint) return null;
  return (
    <p id={id} className={`mt-1.5 text-sm ${error ? 'text-danger' : 'text-soft'}`}>
      {error ?? hint}
    </p>
  );
}

/** What is wrong with a form as a whole; read out when it comes. */
export function Problem({ children }: { children?: ReactNode }) {
  return (
    <div role="alert">
      {children && <p className="rounded-lg bg-danger-tint px-3 py-2.5 text-danger">{children}</p>}
    </div>
  );
}
