import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The tests use the app as it is served, service worker and all. */
export default function setup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
