import type { Step } from '@freshet/client/accounts';
import { useEffect, useState } from 'react';
import { encode } from 'uqr';
import { texts } from '../../texts.ts';
import { Problem } from '../../ui/field.tsx';
import { session } from '../../workspace.ts';
import { CodeForm } from './code.tsx';
import { problemOf } from './problem.ts';

const t = texts.settings;

/** The secret of an authenticator app, to be read by it or typed in, and its first code. */
export default function TotpSetUp({ onDone }: { onDone: (step: Step) => void }) {
  const [made, setMade] = useState<{ secret: string; uri: string }>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let ended = false;
    session.setUpTotp(texts.name).then(
      (secret) => ended || setMade(secret),
      (error) => ended || setProblem(problemOf(error)),
    );
    return () => {
      ended = true;
    };
  }, []);
  return (
    <div className="space-y-5">
      <Problem>{problem}</Problem>
      <p>{t.totpScan}</p>
      <div className="mx-auto size-48 rounded-xl bg-[#fff] p-3">{made && <QrCode text={made.uri} />}</div>
      <p className="text-sm text-soft">
        {t.totpType}
        <code className="mt-1 block min-h-5 font-mono wrap-anywhere text-text select-all">
          {made?.secret.replace(/(.{4})/g, '$1 ')}
        </code>
      </p>
      {made && <CodeForm onCode={async (code) => onDone(await session.verifyTotp(code))} />}
    </div>
  );
}

/** A QR code as one path, so that it takes no styles. */
function QrCode({ text }: { text: string }) {
  const { data, size } = encode(text, { border: 0 });
  const path = data
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('');
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t.totpQr} shapeRendering="crispEdges">
      <path d={path} fill="#000" />
    </svg>
  );
}
