import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { execArgv: ['--experimental-websocket'] }, // Node 20 has the platform's WebSocket behind this
});
