import { fileURLToPath } from 'node:url';
import tailwind from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type ProxyOptions } from 'vite';
import { precache } from './scripts/precache.ts';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What the server answers and not the app, where pages come from Vite. */
const server = process.env.FRESHET ?? 'http://127.0.0.1:8080';
const proxy: Record<string, ProxyOptions> = {
  '^/(graphql|idp|sessions|console|api|\\.well-known)(/|$)': { target: server, ws: true },
  '^/setup$': { target: server, bypass: ({ method }) => (method === 'POST' ? undefined : '/index.html') },
};

export default defineConfig({
  plugins: [react(), tailwind(), precache()],
  resolve: {
    alias: {
      '@freshet/client/accounts': source('../client/src/accounts.ts'),
      '@freshet/client': source('../client/src/index.ts'),
      '@freshet/react': source('../react/src/index.ts'),
    },
  },
  build: {
    target: ['es2022', 'chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    rolldownOptions: {
      input: { index: source('index.html'), sw: source('src/worker/sw.ts') },
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
  server: { proxy },
  preview: { proxy, headers: { 'Content-Security-Policy': policy() } },
});

/** As the server has it, so that what breaks it is seen in the preview and in the tests. */
function policy(): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ');
}
