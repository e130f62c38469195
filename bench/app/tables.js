import { Table } from '../client/table.js';

const format = (n) => n.toLocaleString('en-US');

/** The tables of a run. */
export function tables(run, samples) {
  return [visits(run, samples), changes(run, samples), typing(run, samples)];
}

function visits({ tasks, rounds }, samples) {
  const t = new Table(
    `The app: until it can be used, ${format(tasks)} tasks`,
    `From the navigation of a browser that was just started, to the frame that has tasks in the list and the field for a new one; ${rounds} rounds. ` +
      'Cold: an empty profile that holds a session and nothing else. Warm: the same profile for the second time. Offline: for the third time, with the server stopped. ' +
      'Signing in is from Enter in the form to the tasks, with SRP and the first sync.',
    ['what', 'median, ms', 'best, ms', 'worst, ms'],
  );
  for (const [what, name] of [
    ['cold, to the tasks', 'cold'],
    ['warm, to the tasks', 'warm'],
    ['offline, to the tasks', 'offline'],
    ['cold, to the sign-in', 'sign-in page'],
    ['signing in, to the tasks', 'signing in'],
  ]) {
    t.row(what, ...[50, 0, 100].map((p) => samples.percentile(name, p)));
  }
  t.atMost('cold', samples.median('cold'), 1500, ' ms');
  t.atMost('warm', samples.median('warm'), 500, ' ms');
  t.atMost('offline', samples.median('offline'), 500, ' ms');
  return t;
}

function changes(run, samples) {
  const t = new Table(
    'The app: a change, until it shows',
    `${run.changes} tasks written one after the other in one browser, from Enter to the frame in which the list has them: the own one, and that of another browser of the same user, by way of the server.`,
    columns,
  );
  row(t, samples, 'own list');
  row(t, samples, 'other browser');
  t.atMost('other browser, p50', samples.median('other browser'), 150, ' ms');
  return t;
}

function typing({ typed, latency }, samples) {
  const t = new Table(
    `The app: typing, with a network of ${format(latency)} ms`,
    `Chromium delays each answer by ${format(latency)} ms, so a request that a key waited for would show. ${typed.keys} keys in the field for a new task, from the key to the end of the frame that shows the character; and ${typed.tasks} tasks, from Enter to the frame in which the own list has them.`,
    columns,
  );
  row(t, samples, 'key');
  row(t, samples, 'own list', 'slow own list');
  row(t, samples, 'a request, to compare', 'slow request');
  t.atMost('key, p99', samples.percentile('key', 99), 100, ' ms');
  t.atMost('own list, p99', samples.percentile('slow own list', 99), 100, ' ms');
  return t;
}

const columns = ['what', 'p50, ms', 'p99, ms', 'worst, ms'];

const row = (table, samples, what, name = what) =>
  table.row(what, ...[50, 99, 100].map((p) => samples.percentile(name, p)));
