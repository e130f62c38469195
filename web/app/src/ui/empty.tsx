import type { ReactNode } from 'react';

/** What is shown where there is nothing: why, and what to do. */
export function Empty({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center px-6 py-14 text-center">
      {icon && (
        <div className="mb-4 grid size-14 place-items-center rounded-2xl bg-tint text-accent">{icon}</div>
      )}
      <h2 className="text-base font-semibold">{title}</h2>
      <div className="mt-1.5 space-y-4 text-soft">{children}</div>
    </div>
  );
}
