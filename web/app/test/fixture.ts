import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { preview } from 'vite';
import { expect } from 'vitest';
import { codeIn, type Server, startServer } from '../../client/test/server.ts';
import { Line } from './line.ts';

export const password = 'tulip-garden-47';

/** A server with the app in front of it, and browsers. */
export interface Stage {
  readonly server: Server;
  /** A browser of its own, on a line of its own that can be cut. */
  open(options?: BrowserContextOptions): Promise<Device>;
  /** Makes an account whose address is verified. Gives its user name, as records hold it. */
  account(email: string, name: string): Promise<string>;
  /** Asks the API with a key that may do everything. */
  ask<T>(query: string, variables?: object): Promise<T>;
  stop(): Promise<void>;
}

/** One who uses the app. */
export interface Device {
  readonly page: Page;
  readonly line: Line;
  readonly url: string;
  /** What the page complained about: exceptions, and what its policy refused. */
  readonly complaints: readonly string[];
  signIn(email: string): Promise<void>;
  close(): Promise<void>;
}

const root = fileURLToPath(new URL('..', import.meta.url));

export async function startStage(...flags: string[]): Promise<Stage> {
  const server = await startServer(...flags);
  const front = await serveApp(server);
  const browser = await launch();
  const devices: Device[] = [];
  return {
    server,
    async open(options) {
      const device = await openDevice(browser, front.port, options);
      devices.push(device);
      return device;
    },
    account: (email, name) => makeAccount(server, email, name),
    ask: (query, variables = {}) => askApi(server, query, variables),
    async stop() {
      for (const device of devices) await device.close();
      await browser.close();
      await front.stop();
      await server.stop();
    },
  };
}

/** Gives the port of the app: the server's own where it has the app in it, and otherwise that of a front with its policy. */
async function serveApp(server: Server): Promise<{ port: number; stop: () => Promise<void> }> {
  const page = await (await fetch(`${server.url}/`)).text();
  if (page.includes('id="root"')) return { port: Number(new URL(server.url).port), stop: async () => {} };
  process.env.FRESHET = server.url;
  const front = await preview({ root, logLevel: 'error', preview: { host: '127.0.0.1', port: 0 } });
  return {
    port: (front.httpServer.address() as AddressInfo).port,
    stop: () => front.close(),
  };
}

const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--lang=en-GB',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
    ],
  });

async function openDevice(
  browser: Browser,
  port: number,
  options: BrowserContextOptions = {},
): Promise<Device> {
  const line = await Line.open(port);
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|Warning:|Maximum update depth/.test(message.text()))
      complaints.push(message.text());
  });
  const device: Device = {
    page,
    line,
    url: line.url,
    complaints,
    async signIn(email) {
      await page.goto(`${line.url}/signin`);
      await page.getByLabel('E-mail or user name').fill(email);
      await page.getByLabel('Password', { exact: true }).fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor();
    },
    async close() {
      await context.close();
      await line.close();
    },
  };
  return device;
}

async function askAccounts<T>(server: Server, operation: string, input: object): Promise<T> {
  const { client_id } = await (await fetch(`${server.url}/.well-known/openid-configuration`)).json();
  const response = await fetch(`${server.url}/idp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: JSON.stringify({ ClientId: client_id, ...input }),
  });
  if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
  return response.json();
}

async function makeAccount(server: Server, email: string, name: string): Promise<string> {
  const UserAttributes = [
    { Name: 'email', Value: email },
    { Name: 'name', Value: name },
  ];
  const { UserSub } = await askAccounts<{ UserSub: string }>(server, 'SignUp', {
    Username: email,
    Password: password,
    UserAttributes,
  });
  const code = codeIn(await server.letter(email, /./));
  await askAccounts(server, 'ConfirmSignUp', { Username: email, ConfirmationCode: code });
  return UserSub;
}

async function askApi<T>(server: Server, query: string, variables: object): Promise<T> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': server.apiKey },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: T; errors?: { message: string }[] };
  if (errors) throw new Error(errors[0]?.message);
  return data;
}

/** Writes a task in the field above the list. */
export async function addTask({ page }: Device, title: string): Promise<void> {
  await page.getByLabel('Add a task').fill(title);
  await page.getByLabel('Add a task').press('Enter');
  await expect.poll(() => row(page, title).count()).toBe(1);
}

/** The link of a task in the list. */
export const row = (page: Page, title: string) =>
  page.getByRole('list', { name: 'Tasks' }).getByRole('link', { name: title });

/** Waits until a device is in step with the server, with nothing left to send. */
export const settled = ({ page }: Device) =>
  page.getByRole('button', { name: 'Connection: Live.' }).first().waitFor();
