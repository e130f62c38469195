import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { expect } from 'vitest';

/** A mail server that takes letters for anybody. */
export interface MailServer {
  /** Where it is, as the server's configuration has it. */
  readonly address: string;
  /** Gives the code of the next letter to somebody that has one and was not asked for yet. */
  nextCode(to: string): Promise<string>;
  close(): Promise<void>;
}

interface Letter {
  readonly to: string;
  readonly text: string;
}

export async function startMail(): Promise<MailServer> {
  const letters: Letter[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, { envelope }, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const text = Buffer.concat(parts).toString();
        for (const { address } of envelope.rcptTo) letters.push({ to: address, text });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `smtp+insecure://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    async nextCode(to) {
      const find = () => letters.findIndex((letter) => letter.to === to && codeOf(letter.text) !== undefined);
      await expect.poll(find, { timeout: 20_000 }).toBeGreaterThanOrEqual(0);
      const [letter] = letters.splice(find(), 1);
      return codeOf(letter!.text)!;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The six digits that stand for themselves in the body; boundaries and dates in the head have digits, too. */
function codeOf(letter: string): string | undefined {
  const body = letter.slice(letter.indexOf('\r\n\r\n'));
  return /(?:^|[\s>])(\d{6})(?=[\s.<]|$)/m.exec(body)?.[1];
}
