import type { ReactNode } from 'react';
import { Brand } from '../../shell/brand.tsx';
import { PageTitle } from '../../shell/page.tsx';

/** A page of somebody who is not signed in. */
export function AccountPage({ children }: { children: ReactNode }) {
  return (
    <div className="h-dvh overflow-y-auto">
      <div className="mx-auto flex min-h-full max-w-md flex-col px-5 py-8 md:py-16">
        <header>
          <Brand />
        </header>
        <main className="mt-8 rounded-2xl md:mt-10 md:border md:border-line md:bg-panel md:p-8">
          {children}
        </main>
      </div>
    </div>
  );
}

/** One step of it. Its title takes the focus, so that what is new is read out. */
export function Step({ title, lead, children }: { title: string; lead?: ReactNode; children?: ReactNode }) {
  return (
    <>
      <PageTitle key={title} className="text-2xl font-semibold tracking-tight">
        {title}
      </PageTitle>
      {lead && <p className="mt-1.5 text-soft">{lead}</p>}
      <div className="mt-6">{children}</div>
    </>
  );
}

export const linkLook = 'font-medium text-accent underline-offset-4 hover:underline';
