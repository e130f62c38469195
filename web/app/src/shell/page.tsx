import { type ReactNode, useEffect, useRef } from 'react';
import { texts } from '../texts.ts';

let isFirst = true;

/** The heading of a page. Whoever comes from another page is put here, so that the next Tab is in the page. */
export function PageTitle({ children, className = '' }: { children: string; className?: string }) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${children} · ${texts.name}`;
  }, [children]);
  useEffect(() => {
    if (!isFirst) ref.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  return (
    <h1 ref={ref} tabIndex={-1} className={className}>
      {children}
    </h1>
  );
}

/** A page of text and forms in one column. */
export function Page({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto max-w-2xl px-4 py-6 md:px-8 md:py-10">
        <PageTitle className="text-2xl font-semibold tracking-tight">{title}</PageTitle>
        {lead && <p className="mt-2 max-w-prose text-soft">{lead}</p>}
        <div className="mt-6 md:mt-8">{children}</div>
      </div>
    </div>
  );
}
