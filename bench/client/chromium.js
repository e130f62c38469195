import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How the benchmarks start Chromium. */
export const launch = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export const chromiumVersion = () =>
  execFileSync(launch.executablePath, ['--version'])
    .toString()
    .match(/[\d.]+/)[0];

/** A folder in which a browser keeps what it keeps: files, records, the service worker. It is empty at first. */
export async function newProfile() {
  const folder = await mkdtemp(join(tmpdir(), 'freshet-bench-profile-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
}
