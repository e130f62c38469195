import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type ChangeFrame,
  changesQuery,
  changesSubscription,
  codeOfClose,
  pushMutation,
  readAnswer,
  readFrame,
  readMessage,
  readPush,
} from '../src/wire.ts';

/** What servers of today write; a test of the server holds these files against it. */
const golden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../golden/${name}.json`, import.meta.url), 'utf8'));

interface Exchange {
  name: string;
  request?: { query: string; variables?: object };
  status: number;
  response: object;
}
const respond = ({ status, response }: Exchange) => readAnswer(status, JSON.stringify(response));

describe('changes', () => {
  const exchanges = golden<Exchange[]>('changes');

  test.each(exchanges)('$name', (exchange) => {
    expect(exchange.request?.query).toBe(changesQuery);
    const { data, errors } = respond(exchange);
    expect(errors).toEqual([]);
    expect(readFrame(data)).toEqual((exchange.response as { data: { changes: ChangeFrame } }).data.changes);
  });

  test('a frame that is none is refused, whatever is wrong with it', () => {
    const delta = exchanges.find(({ name }) => name.startsWith('a delta'))!;
    const whole = respond(delta).data!.changes as unknown as Record<string, unknown>;
    const [put, remove] = whole.changes as Record<string, unknown>[];
    expect(readFrame({ changes: { ...whole, later: 1 } } as never).changes).toHaveLength(2);
    for (const wrong of [
      undefined,
      null,
      [],
      { ...whole, cursor: 1 },
      { ...whole, upToDate: 'true' },
      { ...whole, reset: undefined },
      { ...whole, changes: {} },
      { ...whole, changes: [null] },
      { ...whole, changes: [{ ...put, op: 'MOVE' }] },
      { ...whole, changes: [{ ...put, record: null }] },
      { ...whole, changes: [{ ...put, record: [] }] },
      { ...whole, changes: [{ ...remove, record: {} }] },
      { ...whole, changes: [{ ...put, version: 1.5 }] },
      { ...whole, changes: [{ ...put, version: '1' }] },
      { ...whole, changes: [{ ...put, key: 7 }] },
      { ...whole, changes: [put, { ...remove, at: null }] },
    ]) {
      expect(() => readFrame({ changes: wrong } as never), JSON.stringify(wrong)).toThrow(
        'malformed changes',
      );
    }
    expect(() => readFrame(null)).toThrow('malformed');
  });
});

describe('push', () => {
  const exchanges = golden<Exchange[]>('push');

  test.each(exchanges)('$name', (exchange) => {
    expect(exchange.request?.query).toBe(pushMutation);
    const { data, errors } = respond(exchange);
    expect(errors).toEqual([]);
    const { results } = readPush(data);
    expect(results).toEqual(
      (exchange.response as { data: { push: { results: unknown } } }).data.push.results,
    );
  });

  test('there is a golden result of each status', () => {
    const statuses = exchanges.flatMap((e) => readPush(respond(e).data).results.map(({ status }) => status));
    expect([...new Set(statuses)].sort()).toEqual(['APPLIED', 'MERGED', 'REFUSED', 'SKIPPED']);
  });

  test('a result that is none is refused', () => {
    const taken = {
      counter: 1,
      status: 'APPLIED',
      model: 'T',
      key: 'k',
      version: 1,
      record: {},
      recordVersion: 1,
      recordAt: 1,
      conflicts: [],
    };
    const refused = { ...taken, status: 'REFUSED', version: null, error: { code: 'gone', message: '' } };
    const read = (result: object) => () => readPush({ push: { results: [result] } } as never);
    expect(read(taken)).not.toThrow();
    expect(read(refused)).not.toThrow();
    for (const wrong of [
      { ...taken, status: 'DONE' },
      { ...taken, version: null },
      { ...taken, recordVersion: undefined },
      { ...taken, counter: '1' },
      { ...taken, conflicts: [{ field: 'a' }] },
      { ...refused, error: null },
      { ...refused, error: { code: 'odd', message: '' } },
    ]) {
      expect(read(wrong), JSON.stringify(wrong)).toThrow('malformed push');
    }
  });
});

describe('errors', () => {
  test.each(golden<Exchange[]>('errors'))('$name', (exchange) => {
    const { errors } = respond(exchange);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.code).toBe(exchange.name.split(':')[0]);
    expect(errors[0]?.message).not.toBe('');
  });

  test('there is a golden error of each code', () => {
    const codes = golden<Exchange[]>('errors').map((e) => respond(e).errors[0]!.code);
    expect([...new Set(codes)].sort()).toEqual([
      'conflict',
      'forbidden',
      'internal',
      'invalid',
      'not_found',
      'too_large',
      'unauthenticated',
      'unavailable',
    ]); // gone is among the results of push.json
  });

  test.each([
    [502, '<html>Bad Gateway</html>', 'unavailable'],
    [503, '', 'unavailable'],
    [429, '{"__type":"TooManyRequestsException","message":"later"}', 'unavailable'],
    [408, '', 'unavailable'],
    [401, '<html>', 'unauthenticated'],
    [403, '<html>', 'forbidden'],
    [413, '<html>Request Entity Too Large</html>', 'too_large'],
    [404, 'not found', 'unavailable'],
    [200, '<html>a page that a network wants to be seen first</html>', 'unavailable'],
    [200, '[]', 'unavailable'],
    [400, '{"errors":[{"message":"no code"}]}', 'unavailable'],
    [503, '{"errors":[{"message":"a code of later","errorInfo":{"code":"tired"}}]}', 'unavailable'],
  ])('what others say with %i: %s', (status, body, code) => {
    expect(readAnswer(status, body).errors[0]?.code).toBe(code);
  });

  test('errors that are none are refused', () => {
    for (const body of [
      '{"errors":{}}',
      '{"errors":[{}]}',
      '{"errors":["no"]}',
      '{"data":[]}',
      '{"data":1}',
    ]) {
      expect(() => readAnswer(200, body), body).toThrow('malformed');
    }
  });
});

describe('sockets', () => {
  interface Talk {
    name: string;
    frames: { client?: { payload?: { query?: string } }; server?: object; close?: { code: number } }[];
  }
  const talks = golden<Talk[]>('socket');
  const heard = (talk: Talk) =>
    talk.frames.flatMap(({ server }) => (server ? [readMessage(JSON.stringify(server))] : []));

  test('a subscription to changes', () => {
    const [talk] = talks as [Talk];
    expect(talk.frames[2]?.client?.payload?.query).toBe(changesSubscription);
    const messages = heard(talk);
    expect(messages.map(({ type }) => type)).toEqual(['connection_ack', 'next', 'next', 'next', 'pong']);
    const changes = messages.flatMap(({ answer }) => (answer ? readFrame(answer.data).changes : []));
    expect(changes.map(({ op, version }) => [op, version])).toEqual([
      ['PUT', 1],
      ['PUT', 2],
      ['REMOVE', 3],
    ]);
  });

  test('what is refused, and what comes to its end', () => {
    const messages = talks.flatMap(heard);
    const errors = messages.flatMap(({ type, answer }) =>
      type === 'error' ? [answer?.errors[0]?.code] : [],
    );
    expect(errors).toEqual(['invalid', 'invalid', 'invalid']);
    expect(messages).toContainEqual({ type: 'complete' });
    expect(messages).toContainEqual({
      type: 'next',
      answer: { data: { __typename: 'Query' }, errors: [] },
    });
  });

  test.each(talks.flatMap(({ frames }) => frames.at(-1)?.close?.code ?? []))('the close code %i', (code) => {
    expect(codeOfClose(code)).toBe(code === 4403 ? 'unauthenticated' : 'unavailable');
  });

  test('messages of later servers are passed over, malformed ones are not', () => {
    expect(readMessage('{"type":"later","id":"1"}')).toEqual({ type: 'later' });
    for (const wrong of ['', '[]', '{"type":"next","id":"1"}', '{"type":"error","id":"1","payload":{}}']) {
      expect(() => readMessage(wrong), wrong).toThrow();
    }
  });
});
