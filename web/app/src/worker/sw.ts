/**
 * The service worker: it keeps one build of the app, whole, so that it opens without a network. Data is none of its
 * affairs; the client keeps that. A new build is taken when no tab uses the old one any more, or when a tab asks.
 */
import { isPage } from '../router/paths.ts';

declare const self: ServiceWorkerGlobalScope;
declare const __FILES__: readonly string[];
declare const __BUILD__: string;

const prefix = 'freshet app ';
const cacheName = prefix + __BUILD__;
const files: ReadonlySet<string> = new Set(__FILES__);

self.addEventListener('install', (event) => {
  event.waitUntil(fill());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOthers().then(() => self.clients.claim()));
});

self.addEventListener('message', ({ data }) => {
  if (data === 'take over') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== self.location.origin) return;
  if (mode === 'navigate' && isPage(pathname)) event.respondWith(kept('/index.html', event.request));
  else if (files.has(pathname)) event.respondWith(kept(pathname, event.request));
});

async function fill(): Promise<void> {
  const cache = await caches.open(cacheName);
  await cache.addAll([...files].map((file) => new Request(file, { cache: 'reload' })));
}

async function dropOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(prefix) && name !== cacheName).map((name) => caches.delete(name)),
  );
}

async function kept(file: string, request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  return (await cache.match(file)) ?? fetch(request);
}
