import type { ButtonHTMLAttributes } from 'react';

const looks = {
  primary: 'bg-accent text-on-accent font-medium hover:brightness-110',
  plain: 'border border-line bg-panel hover:bg-sunken',
  quiet: 'hover:bg-sunken',
  danger: 'bg-danger text-on-accent font-medium hover:brightness-110',
} as const;

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: keyof typeof looks;
  small?: boolean;
}

export function Button({ look = 'plain', small, className = '', type = 'button', ...rest }: ButtonProps) {
  const size = small ? 'h-8 px-2.5 text-sm' : 'h-10 px-4';
  return (
    <button
      type={type}
      className={`inline-flex shrink-0 items-center justify-center gap-2 rounded-lg whitespace-nowrap transition-colors disabled:opacity-50 ${size} ${looks[look]} ${className}`}
      {...rest}
    />
  );
}

/** A button of an icon alone; the label is its name, and is shown to who waits with the mouse. */
export function IconButton({
  label,
  className = '',
  type = 'button',
  ...rest
}: { label: string } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={`grid size-10 shrink-0 place-items-center rounded-lg text-soft transition-colors hover:bg-sunken hover:text-text ${className}`}
      {...rest}
    />
  );
}
