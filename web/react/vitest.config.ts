import { defineConfig } from 'vitest/config';

const path = (name: string) => new URL(name, import.meta.url).pathname;

export default defineConfig({
  test: { environment: 'happy-dom', execArgv: ['--experimental-websocket'] },
  resolve: {
    alias: {
      '@freshet/client/accounts': path('../client/src/accounts.ts'),
      '@freshet/client': path('../client/src/index.ts'),
      '@freshet/react': path('src/index.ts'),
    },
  },
});
