import { fileURLToPath } from 'node:url';
import { start } from './program.js';

/** Starts one of the peers' servers, with that many records in memory. */
export async function servePeer(name, count, path = '') {
  const file = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const server = await start(process.execPath, [file, String(count)], /serves on (\S+)/);
  const address = server.found[1];
  const holds = async (title) => {
    const response = await fetch(`${address}/holds`, { method: 'POST', body: JSON.stringify({ title }) });
    return response.json();
  };
  return { config: { url: address + path }, holds, stop: server.stop };
}
