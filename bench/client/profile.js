import { writeFileSync } from 'node:fs';

/** Does some work and, where a file is named, writes a CPU profile of the page meanwhile. */
export async function recorded(file, tab, work) {
  if (!file) return work();
  const cdp = await tab.page.context().newCDPSession(tab.page);
  await cdp.send('Profiler.enable');
  await cdp.send('Profiler.setSamplingInterval', { interval: 500 });
  await cdp.send('Profiler.start');
  const result = await work();
  const { profile } = await cdp.send('Profiler.stop');
  await cdp.detach();
  writeFileSync(`${file}.cpuprofile`, JSON.stringify(profile));
  writeFileSync(`${file}.txt`, summary(profile));
  return result;
}

/** The functions that took most of the time by themselves, in milliseconds. */
function summary({ nodes, samples, timeDeltas }) {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, lineNumber } }) => [
      id,
      `${functionName || 'anonymous'}:${lineNumber + 1}`,
    ]),
  );
  const took = new Map();
  samples.forEach((id, i) => {
    took.set(names.get(id), (took.get(names.get(id)) ?? 0) + timeDeltas[i] / 1000);
  });
  const sorted = [...took].sort((a, b) => b[1] - a[1]).slice(0, 40);
  return sorted.map(([name, ms]) => `${ms.toFixed(1).padStart(9)}  ${name}\n`).join('');
}
