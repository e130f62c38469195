import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start } from '../client/servers/program.js';

const password = 'three geese cross the mill pond';
const clientId = 'freshet-web';

/** Who uses the app; the tasks are theirs. */
export const user = { name: 'ana', password };

/** The real server with the built app in it, at one address for as long as the run takes, on and off. */
export async function openServer(binary, work, tasks) {
  const data = join(work, 'data');
  importTasks(binary, work, data, tasks);
  let running = await serve(binary, data, '127.0.0.1:0');
  const url = new URL(running.found[1]).origin;
  execFileSync(binary, ['user', 'create', user.name, '--password-stdin', '--data', data], {
    input: password,
  });
  if (!(await (await fetch(url)).text()).includes('id="root"'))
    throw new Error('the program was built without the app');
  return {
    url,
    async start() {
      running = await serve(binary, data, new URL(url).host);
    },
    stop: () => running.stop(),
    /** Signs the user in, and gives what the app keeps of that in localStorage. */
    signIn: () => signIn(url),
  };
}

const serve = (binary, data, address) =>
  start(binary, ['serve', '--data', data, '--listen', address, '--log-level', 'warn'], /serves on (\S+)/);

function importTasks(binary, work, data, count) {
  const file = join(work, 'tasks.ndjson');
  const lines = Array.from({ length: count }, (_, n) =>
    JSON.stringify({ id: randomUUID(), title: `Task ${n}`, status: 'OPEN', owner: user.name }),
  );
  writeFileSync(file, lines.join('\n'));
  execFileSync(binary, ['import', file, '--model', 'Task', '--data', data]);
}

async function signIn(url) {
  const response = await fetch(`${url}/idp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
    },
    body: JSON.stringify({
      ClientId: clientId,
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: user.name, PASSWORD: password },
    }),
  });
  const { AuthenticationResult: result, message } = await response.json();
  if (!response.ok) throw new Error(message);
  const tokens = { access: result.AccessToken, id: result.IdToken, refresh: result.RefreshToken, drift: 0 };
  return { [`freshet ${url}/idp ${clientId}`]: JSON.stringify(tokens) };
}
