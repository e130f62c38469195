import { spawn } from 'node:child_process';

/** Starts a program, and waits until its output has a pattern. Gives what that found and how to end the program. */
export async function start(command, args, pattern) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-4000);
  });
  const found = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const match = text.match(pattern);
      if (match) resolve(match);
    });
    exited.then(() => reject(new Error(`${command} ended: ${errors}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  return { found, stop };
}
