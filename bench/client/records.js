import { createHash } from 'node:crypto';

const size = 300; // bytes of a record's JSON
const recordsOfProject = 100;

/** Gives record `n` of so many, always the same. Keys are in no order, as UUIDs are. */
function record(n, count) {
  const hash = createHash('md5').update(String(n)).digest('hex');
  const due = new Date(Date.UTC(2026, 0, 1) + (Number.parseInt(hash.slice(0, 6), 16) % 525_600) * 60_000);
  const fields = {
    id: hash.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    project: `project-${n % (count / recordsOfProject)}`,
    due: due.toISOString(),
    title: `Task ${n}`,
    body: '',
  };
  return { ...fields, body: 'x'.repeat(size - JSON.stringify(fields).length) };
}

export const records = (count) => Array.from({ length: count }, (_, n) => record(n, count));
