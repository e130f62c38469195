import { type ReactNode, useId } from 'react';

export function Section({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="rounded-2xl border border-line bg-panel p-4 md:p-6">
      <h2 id={id} className="text-base font-semibold">
        {title}
      </h2>
      <div className="mt-4 space-y-4">{children}</div>
    </section>
  );
}

/** What can be done, what it is for, and the button. */
export function Row({ title, hint, children }: { title: ReactNode; hint?: ReactNode; children?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 border-t border-line pt-4 first:border-0 first:pt-0">
      <div className="min-w-56 flex-1">
        <p className="font-medium">{title}</p>
        {hint && <p className="mt-0.5 text-sm text-soft">{hint}</p>}
      </div>
      {children}
    </div>
  );
}
