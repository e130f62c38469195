import { Link } from '../router/router.tsx';
import { texts } from '../texts.ts';
import { PageTitle } from './page.tsx';

/** An address that is none. */
export function Missing() {
  return (
    <main className="mx-auto max-w-md px-6 py-24">
      <PageTitle className="text-2xl font-semibold tracking-tight">{texts.failure.missing}</PageTitle>
      <p className="mt-2 text-soft">{texts.failure.missingText}</p>
      <Link to="/tasks" className="mt-6 inline-block font-medium text-accent underline underline-offset-4">
        {texts.failure.home}
      </Link>
    </main>
  );
}
