import { defineConfig } from 'vitest/config';

/** What a test in Go runs, with a pool whose clock it moves: `go test ./test -run ClientAuth`. */
export default defineConfig({ test: { include: ['test/auth/*.door.ts'] } });
