/** What signs requests. Temporary credentials have a session token. */
export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Unsigned {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Signing {
  readonly key: SigningKey;
  readonly region: string;
  readonly service: string;
  readonly now: Date;
}

const encoder = new TextEncoder();
const hex = (bytes: ArrayBuffer) =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const sha256 = async (text: string) => hex(await crypto.subtle.digest('SHA-256', encoder.encode(text)));

async function hmac(key: BufferSource, text: string): Promise<ArrayBuffer> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  return crypto.subtle.sign('HMAC', imported, encoder.encode(text));
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const byName = ([a]: [string, string], [b]: [string, string]) => (a < b ? -1 : a > b ? 1 : 0);

/** The path is encoded once more, as everywhere but in S3. */
const pathOf = (url: URL) => url.pathname.split('/').map(encode).join('/');

const queryOf = (url: URL) =>
  [...url.searchParams]
    .map(([name, value]): [string, string] => [encode(name), encode(value)])
    .sort((a, b) => byName(a, b) || (a[1] < b[1] ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

/** Signs a request by Signature Version 4. Gives all the headers it is sent with; `host` the platform adds by itself. */
export async function sign(
  { method, url, headers = {}, body }: Unsigned,
  { key, region, service, now }: Signing,
): Promise<Record<string, string>> {
  const target = new URL(url);
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const sent: Record<string, string> = {
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    'x-amz-date': time,
    ...(key.sessionToken && { 'x-amz-security-token': key.sessionToken }),
  };
  const signed = Object.entries({ ...sent, host: target.host }).sort(byName);
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    method,
    pathOf(target),
    queryOf(target),
    ...signed.map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}`),
    '',
    names,
    await sha256(body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, await sha256(canonical)].join('\n');
  let secret: BufferSource = encoder.encode(`AWS4${key.secretAccessKey}`);
  for (const part of scope.split('/')) secret = await hmac(secret, part);
  const signature = hex(await hmac(secret, text));
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
