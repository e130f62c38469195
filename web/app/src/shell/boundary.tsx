import { Component, type ErrorInfo, type ReactNode } from 'react';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';

/** Shows what is left to do when a part of the app fails, instead of nothing. A change of `place` tries again. */
export class Boundary extends Component<
  { place: string; children: ReactNode },
  { error?: unknown; place: string }
> {
  override state: { error?: unknown; place: string } = { place: this.props.place };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  static getDerivedStateFromProps({ place }: { place: string }, state: { place: string }) {
    return place === state.place ? null : { place, error: undefined };
  }

  override componentDidCatch(error: unknown, { componentStack }: ErrorInfo): void {
    console.error(error, componentStack);
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <div role="alert" className="mx-auto max-w-md px-6 py-20">
        <h1 className="text-lg font-semibold">{texts.failure.title}</h1>
        <p className="mt-2 text-soft">{texts.failure.text}</p>
        <pre className="mt-4 overflow-x-auto rounded-lg bg-sunken p-3 text-sm">{String(error)}</pre>
        <Button look="primary" className="mt-6" onClick={() => location.reload()}>
          {texts.failure.again}
        </Button>
      </div>
    );
  }
}
