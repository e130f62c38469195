import { mergeConfig } from 'vitest/config';
import app from './vite.config.ts';

// The tests drive a real browser against a real server; each file has both of its own, so one file at a time.
export default mergeConfig(app, {
  test: {
    globalSetup: './test/build.ts',
    testTimeout: 60_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
});
