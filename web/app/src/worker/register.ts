import { texts } from '../texts.ts';
import { toast } from '../ui/toasts.tsx';

/** Has the service worker keep the app, and offers a new build when there is one. */
export async function keepApp(): Promise<void> {
  const workers = navigator.serviceWorker;
  if (!import.meta.env.PROD || !workers) return;
  const isFirst = !workers.controller;
  workers.addEventListener('controllerchange', () => {
    if (!isFirst) location.reload();
  });
  const registration = await workers.register('/sw.js').catch(() => undefined);
  if (!registration) return;
  const offer = () => {
    const { waiting } = registration;
    if (!waiting || !workers.controller) return;
    toast({
      text: texts.update.ready,
      action: { label: texts.update.reload, run: () => waiting.postMessage('take over') },
      stays: true,
    });
  };
  offer();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
}
