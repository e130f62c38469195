import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Change,
  changeAll,
  changeFollowing,
  changeOne,
  deleteAll,
  deleteFollowing,
  deleteOne,
  inverse,
  isFirst,
  type Time,
} from '../../src/agenda/changes.ts';
import { type Occurrence, occurrences } from '../../src/agenda/occurrences.ts';
import { toInstant, toLocal } from '../../src/agenda/zones.ts';
import type { Event } from '../../src/generated/schema.ts';

const day = 86_400_000;
const hour = 3_600_000;
const from = Date.parse('2026-01-01T00:00:00Z');
const to = Date.parse('2027-01-01T00:00:00Z');

const event = (fields: Partial<Event>): Event => ({
  id: 'e',
  title: 'An event',
  start: '2026-03-02T08:00:00.000Z',
  end: '2026-03-02T09:00:00.000Z',
  createdAt: '',
  updatedAt: '',
  _version: 1,
  _lastChangedAt: 0,
  ...fields,
});

/** Makes changes as the server does. */
function after(events: readonly Event[], changes: readonly Change[]): Event[] {
  let all = [...events];
  for (const change of changes) {
    if (change.op === 'create') all.push(event({ ...change.fields }));
    else if (change.op === 'delete') all = all.filter(({ id }) => id !== change.id);
    else all = all.map((one) => (one.id === change.id ? { ...one, ...change.patch } : one));
  }
  return all;
}

const starts = (events: readonly Event[], until = to) =>
  occurrences(events, from, until).map(({ start }) => new Date(start).toISOString());
const timeOf = ({ start, end, event: { allDay } }: Occurrence, by = 0) => ({
  start: start + by,
  end: end + by,
  allDay: !!allDay,
});

const made = { id: 'r', owner: 'ana' };
const moveOne = (occurrence: Occurrence, time: Time) => changeOne(occurrence, time, {}, made);
const moveAll = (occurrence: Occurrence, time: Time, events: readonly Event[]) =>
  changeAll(occurrence, time, {}, events);

describe('an event that repeats', () => {
  test('keeps its local time in Zurich when summer time begins and ends', () => {
    const weekly = event({
      zone: 'Europe/Zurich',
      rrule: 'FREQ=WEEKLY;BYDAY=MO',
      start: '2026-03-16T08:00:00Z',
      end: '2026-03-16T09:00:00Z',
    });
    expect(starts([weekly], Date.parse('2026-04-08T00:00:00Z'))).toEqual([
      '2026-03-16T08:00:00.000Z',
      '2026-03-23T08:00:00.000Z',
      '2026-03-30T07:00:00.000Z',
      '2026-04-06T07:00:00.000Z',
    ]);
    expect(starts([weekly])).toContain('2026-10-19T07:00:00.000Z');
    expect(starts([weekly])).toContain('2026-10-26T08:00:00.000Z');
  });

  test('keeps its local time in New York, where the clocks change on other days', () => {
    const daily = event({
      zone: 'America/New_York',
      rrule: 'FREQ=DAILY',
      start: '2026-03-06T14:00:00Z',
      end: '2026-03-06T15:00:00Z',
    });
    expect(starts([daily], Date.parse('2026-03-10T00:00:00Z'))).toEqual([
      '2026-03-06T14:00:00.000Z',
      '2026-03-07T14:00:00.000Z',
      '2026-03-08T13:00:00.000Z',
      '2026-03-09T13:00:00.000Z',
    ]);
    expect(starts([daily])).toContain('2026-10-31T13:00:00.000Z');
    expect(starts([daily])).toContain('2026-11-01T14:00:00.000Z');
  });

  test('takes 3:30 where there is no 2:30, and the first of two', () => {
    const night = event({
      zone: 'Europe/Zurich',
      rrule: 'FREQ=DAILY',
      start: '2026-03-28T01:30:00Z',
      end: '2026-03-28T02:00:00Z',
    });
    expect(starts([night])).toContain('2026-03-29T01:30:00.000Z');
    expect(starts([night])).toContain('2026-03-30T00:30:00.000Z');
    expect(starts([night])).toContain('2026-10-25T00:30:00.000Z');
    expect(starts([night])).not.toContain('2026-10-25T01:30:00.000Z');
  });

  test('ends with COUNT, with UNTIL in UTC, and with a day', () => {
    const rule = (rrule: string) =>
      starts([event({ zone: 'America/New_York', start: '2026-03-07T14:00:00Z', rrule })]);
    expect(rule('FREQ=DAILY;COUNT=3')).toHaveLength(3);
    expect(rule('FREQ=DAILY;UNTIL=20260309T130000Z')).toEqual([
      '2026-03-07T14:00:00.000Z',
      '2026-03-08T13:00:00.000Z',
      '2026-03-09T13:00:00.000Z',
    ]);
    expect(rule('FREQ=DAILY;UNTIL=20260309T125959Z')).toHaveLength(2);
    expect(rule('FREQ=DAILY;UNTIL=20260309')).toHaveLength(3);
  });

  test('begins with its first time, and a text that is no rule happens once', () => {
    expect(starts([event({ rrule: 'FREQ=WEEKLY;BYDAY=WE;COUNT=1', zone: 'UTC' })])).toEqual([
      '2026-03-02T08:00:00.000Z',
      '2026-03-04T08:00:00.000Z',
    ]);
    for (const rrule of ['FREQ=SOMETIMES', 'nonsense', 'FREQ=DAILY;UNTIL=never', 'BYDAY=MO']) {
      expect(starts([event({ rrule })])).toEqual(['2026-03-02T08:00:00.000Z']);
    }
  });

  test('leaves out its exdates, however they are written', () => {
    const daily = event({
      zone: 'Europe/Zurich',
      rrule: 'FREQ=DAILY;COUNT=3',
      exdates: ['2026-03-03T09:00:00+01:00', null],
    });
    expect(starts([daily])).toEqual(['2026-03-02T08:00:00.000Z', '2026-03-04T08:00:00.000Z']);
  });

  test('of whole days takes the dates as they are written', () => {
    const daily = event({
      allDay: true,
      zone: 'America/New_York',
      start: '2026-03-07T00:00:00Z',
      end: '2026-03-08T00:00:00Z',
      rrule: 'FREQ=DAILY;COUNT=3',
      exdates: ['2026-03-08T00:00:00Z'],
    });
    expect(starts([daily])).toEqual(['2026-03-07T00:00:00.000Z', '2026-03-09T00:00:00.000Z']);
    const [first] = occurrences([daily], from, to);
    expect(first!.end - first!.start).toBe(day);
    const two = event({ allDay: true, start: '2026-03-07T00:00:00+05:00', end: '2026-03-08T18:00:00Z' });
    expect(occurrences([two], from, to).map(({ start, end }) => (end - start) / day)).toEqual([2]);
  });

  test('is the same in a part of the time as in all of it', { timeout: 60_000 }, () => {
    const rules = fc.record({
      frequency: fc.constantFrom('DAILY', 'WEEKLY', 'MONTHLY'),
      interval: fc.integer({ min: 1, max: 5 }),
      by: fc.constantFrom(
        '',
        ';BYDAY=MO,TH',
        ';BYDAY=SU;WKST=SU',
        ';COUNT=30',
        ';UNTIL=20261101T000000Z',
        ';BYMONTH=3,10',
      ),
    });
    fc.assert(
      fc.property(
        rules,
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 40 }),
        ({ frequency, interval, by }, first, days) => {
          const one = event({
            zone: 'Europe/Zurich',
            start: '2026-01-05T08:00:00Z',
            end: '2026-01-05T09:00:00Z',
            rrule: `FREQ=${frequency};INTERVAL=${interval}${by}`,
          });
          const [begin, end] = [from + first * day, from + (first + days) * day];
          const part = occurrences([one], begin, end).map(({ id }) => id);
          const all = occurrences([one], from, to + 40 * day);
          expect(part).toEqual(all.filter((o) => o.start < end && o.end > begin).map(({ id }) => id));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('is seen as long as it lasts', () => {
    const long = event({ start: '2025-12-31T22:00:00Z', end: '2026-01-01T02:00:00Z' });
    expect(starts([long])).toHaveLength(1);
    expect(starts([event({ ...long, end: '2026-01-01T00:00:00Z' })])).toHaveLength(0);
    expect(starts([event({ ...long, rrule: 'FREQ=DAILY', zone: 'UTC' })], from + hour)).toHaveLength(1);
  });
});

describe('changes', () => {
  const weekly = event({
    zone: 'Europe/Zurich',
    rrule: 'FREQ=WEEKLY;BYDAY=MO;COUNT=6',
    start: '2026-03-16T08:00:00Z',
    end: '2026-03-16T09:00:00Z',
  });

  test('of days move the days of a weekly rule, its end and what takes the place of some', () => {
    const [, second] = occurrences([weekly], from, to);
    const replaced = after([weekly], moveOne(second!, timeOf(second!, hour)));
    const fourth = occurrences(replaced, from, to).find(
      ({ start }) => start === Date.parse('2026-04-06T07:00:00Z'),
    )!;
    const moved = after(replaced, moveAll(fourth, timeOf(fourth, day + 2 * hour), replaced)!);
    expect(moved[0]!.rrule).toBe('FREQ=WEEKLY;COUNT=6;BYDAY=TU');
    expect(starts(moved, Date.parse('2026-04-08T00:00:00Z'))).toEqual([
      '2026-03-17T10:00:00.000Z',
      '2026-03-23T09:00:00.000Z',
      '2026-03-31T09:00:00.000Z',
      '2026-04-07T09:00:00.000Z',
    ]);
  });

  test('of days are not made to a rule that cannot be moved along', () => {
    const monthly = event({ zone: 'UTC', rrule: 'FREQ=MONTHLY;BYDAY=1MO' });
    const [first] = occurrences([monthly], from, to);
    expect(moveAll(first!, timeOf(first!, day), [monthly])).toBeUndefined();
    expect(moveAll(first!, timeOf(first!, hour), [monthly])).toBeDefined();
  });

  test('of the title leave the times as they are', () => {
    const [, second] = occurrences([weekly], from, to);
    const next = after([weekly], changeAll(second!, timeOf(second!), { title: 'Other' }, [weekly])!);
    expect(starts(next)).toEqual(starts([weekly]));
    expect(next[0]!.title).toBe('Other');
  });

  test('of one that takes the place of another: when it is deleted, that one does not come back', () => {
    const [, second] = occurrences([weekly], from, to);
    const replaced = after([weekly], moveOne(second!, timeOf(second!, hour)));
    const one = occurrences(replaced, from, to).find(({ event: { id } }) => id === 'r')!;
    const left = after(replaced, deleteOne(one, replaced));
    expect(starts(left)).toEqual(starts([weekly]).filter((start) => start !== second!.original));
    expect(after(replaced, deleteAll(occurrences(replaced, from, to)[0]!, replaced))).toEqual([]);
  });

  describe('of one and all that follow', () => {
    const [winter, summer] = ['2026-03-23T08:00:00.000Z', '2026-04-06T07:00:00.000Z'];
    const bare = event({
      ...weekly,
      owner: 'ana',
      attendees: ['ben'],
      calendar: 'c',
      exdates: [winter, summer],
    });
    const all = [
      bare,
      event({
        id: 'early',
        series: 'e',
        occurrence: '2026-03-16T08:00:00.000Z',
        start: '2026-03-17T08:00:00.000Z',
      }),
      event({
        id: 'late',
        series: 'e',
        occurrence: '2026-04-20T07:00:00.000Z',
        start: '2026-04-21T07:00:00.000Z',
      }),
      event({ id: 'other', series: 'x', occurrence: '2026-04-20T07:00:00.000Z' }),
    ];
    const third = occurrences([bare], from, to).find(
      ({ start }) => start === Date.parse('2026-03-30T07:00:00Z'),
    )!;

    test('end the series and begin another, which has what was said of later ones', () => {
      const changes = changeFollowing(third, timeOf(third, hour), { title: 'Later' }, all, made)!;
      const [old, early, late, other, fresh] = after(all, changes);
      expect(old).toEqual({
        ...bare,
        rrule: 'FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T065959Z',
        exdates: [winter],
      });
      expect([early, other]).toEqual([all[1], all[3]]);
      expect(late).toEqual({ ...all[2], series: 'r', occurrence: '2026-04-20T08:00:00.000Z' });
      expect(fresh).toMatchObject({
        title: 'Later',
        start: '2026-03-30T08:00:00.000Z',
        end: '2026-03-30T09:00:00.000Z',
        zone: 'Europe/Zurich',
        rrule: 'FREQ=WEEKLY;COUNT=4;BYDAY=MO',
        exdates: ['2026-04-06T08:00:00.000Z'],
        calendar: 'c',
        attendees: ['ben'],
      });
      expect(starts(after(all, changes).filter(({ id }) => id !== 'other'))).toEqual([
        '2026-03-17T08:00:00.000Z', // in the place of the 16th
        '2026-03-30T08:00:00.000Z',
        '2026-04-13T08:00:00.000Z',
        '2026-04-21T07:00:00.000Z', // in the place of the 20th
      ]);
      expect(after(after(all, changes), inverse(changes, all))).toEqual(all);
    });

    test('moves days, and a series to the other side of the change of the clocks', () => {
      const changes = changeFollowing(third, timeOf(third, -3 * day), {}, [bare], made)!;
      const [old, fresh] = after([bare], changes);
      expect(starts([old!])).toEqual(['2026-03-16T08:00:00.000Z']);
      expect(fresh!.rrule).toBe('FREQ=WEEKLY;COUNT=4;BYDAY=FR');
      expect(starts([fresh!])).toEqual([
        '2026-03-27T07:00:00.000Z', // in winter, where the clock was an hour behind
        '2026-04-10T06:00:00.000Z',
        '2026-04-17T06:00:00.000Z',
      ]);
    });

    test('of the first are all of them, and of a rule that cannot be moved along there are none', () => {
      const monthly = event({ zone: 'UTC', rrule: 'FREQ=MONTHLY;BYDAY=1MO' });
      const [first, second] = occurrences([monthly], from, to);
      expect([isFirst(first!), isFirst(second!)]).toEqual([true, false]);
      expect(changeFollowing(first!, timeOf(first!, hour), {}, [monthly], made)).toEqual(
        moveAll(first!, timeOf(first!, hour), [monthly]),
      );
      expect(changeFollowing(second!, timeOf(second!, day), {}, [monthly], made)).toBeUndefined();
    });

    test('that do not repeat any more are one', () => {
      const once = after(all, changeFollowing(third, timeOf(third), { rrule: null }, all, made)!);
      expect(starts(once.filter(({ id }) => id !== 'late' && id !== 'other'))).toEqual([
        '2026-03-17T08:00:00.000Z',
        '2026-03-30T07:00:00.000Z',
      ]);
    });
  });

  test('by somebody who takes part leave the owner in it', () => {
    const shared = event({ ...weekly, owner: 'eva', attendees: ['ana', 'ben'] });
    const [, second] = occurrences([shared], from, to);
    const [, one] = after([shared], moveOne(second!, timeOf(second!, hour)));
    expect(one!.attendees).toEqual(['eva', 'ben']);

    // It is theirs: the owner, who may not delete it, can do so with the series still.
    const both = after([shared], moveOne(second!, timeOf(second!, hour))).map((event) =>
      event.id === 'r' ? { ...event, owner: 'ana' } : event,
    );
    const [first, ...later] = occurrences([shared], from, to);
    expect(deleteAll(first!, both)).toEqual([{ op: 'delete', id: 'e' }]);
    expect(deleteFollowing(later[0]!, both)).toEqual([expect.objectContaining({ op: 'update', id: 'e' })]);
  });

  const zones = fc.constantFrom('Europe/Zurich', 'America/New_York');
  const series = fc
    .record({
      zone: zones,
      date: fc.integer({ min: 0, max: 330 }),
      minute: fc.integer({ min: 7 * 60, max: 20 * 60 }),
      length: fc.integer({ min: 0, max: 180 }),
      rule: fc.constantFrom(
        'FREQ=DAILY;COUNT=40',
        'FREQ=WEEKLY;COUNT=20',
        'FREQ=WEEKLY;INTERVAL=2;COUNT=10',
        'FREQ=MONTHLY;COUNT=4',
        'FREQ=DAILY;INTERVAL=3;UNTIL=20270301T000000Z',
      ),
      allDay: fc.boolean(),
    })
    .map(({ zone, date, minute, length, rule, allDay }) => {
      const start = allDay ? from + date * day : toInstant(from + date * day + minute * 60_000, zone);
      const end = start + (allDay ? day : length * 60_000);
      return event({
        zone,
        rrule: rule,
        allDay,
        start: new Date(start).toISOString(),
        end: new Date(end).toISOString(),
      });
    });
  const picked = fc.tuple(series, fc.nat()).map(([one, n]) => {
    const all = occurrences([one], from - 100 * day, to + 500 * day);
    return { series: one, all, occurrence: all[n % all.length]! };
  });
  const everything = (events: readonly Event[]) => occurrences(events, from - 100 * day, to + 500 * day);
  const clock = (instant: number, zone: string) => new Date(toLocal(instant, zone)).toISOString().slice(11);

  test('leave every other occurrence where it is, and can be taken back', () => {
    fc.assert(
      fc.property(picked, fc.integer({ min: -50, max: 50 }), ({ series: one, all, occurrence }, hours) => {
        const by = one.allDay ? hours * day : hours * hour;
        const others = all.filter(({ id }) => id !== occurrence.id).map(({ start }) => start);
        const moves = moveOne(occurrence, timeOf(occurrence, by));
        const moved = after([one], moves);
        expect(
          everything(moved)
            .map(({ start }) => start)
            .sort(),
        ).toEqual([...others, occurrence.start + by].sort());
        expect(after(moved, inverse(moves, [one]))).toEqual([one]);

        const deletion = deleteOne(occurrence, [one]);
        expect(everything(after([one], deletion)).map(({ start }) => start)).toEqual(others);
        expect(
          everything(after(after([one], deletion), inverse(deletion, [one]))).map(({ start }) => start),
        ).toEqual(all.map(({ start }) => start));

        const ended = after(moved, deleteFollowing(occurrence, moved));
        expect(everything(ended).map(({ start }) => start)).toEqual(
          all.map(({ start }) => start).filter((start) => start < occurrence.start),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('of all move each by as much on the clock of the series', () => {
    fc.assert(
      fc.property(
        picked,
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: -3, max: 3 }),
        ({ series: one, all, occurrence }, days, hours) => {
          fc.pre(!one.rrule!.includes('MONTHLY') && !one.rrule!.includes('UNTIL'));
          const zone = one.zone!;
          const by = days * day + (one.allDay ? 0 : hours * hour);
          const shifted = (instant: number) =>
            one.allDay ? instant + by : toInstant(toLocal(instant, zone) + by, zone);
          const start = shifted(occurrence.start);
          const changes = moveAll(
            occurrence,
            { start, end: start + occurrence.end - occurrence.start, allDay: !!one.allDay },
            [one],
          )!;
          const moved = everything(after([one], changes));
          expect(moved.map((o) => o.start)).toEqual(all.map((o) => shifted(o.start)));
          if (!one.allDay) expect(new Set(moved.map((o) => clock(o.start, zone))).size).toBe(1);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('of those that follow leave the earlier ones, move each other on the clock, and can be taken back', () => {
    fc.assert(
      fc.property(
        picked,
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: -3, max: 3 }),
        ({ series: one, all, occurrence }, days, hours) => {
          const zone = one.zone!;
          const whole = one.rrule!.includes('MONTHLY') ? 0 : days;
          const by = whole * day + (one.allDay ? 0 : hours * hour);
          const moved = (instant: number) =>
            one.allDay ? instant + by : toInstant(toLocal(instant, zone) + by, zone);
          const start = moved(occurrence.start);
          const time = { start, end: start + occurrence.end - occurrence.start, allDay: !!one.allDay };
          const changes = changeFollowing(occurrence, time, {}, [one], made)!;
          const [earlier, later] = [true, false].map((before) =>
            all.map((o) => o.start).filter((at) => at < occurrence.start === before),
          );
          expect(everything(after([one], changes)).map((o) => o.start)).toEqual(
            [...earlier!, ...later!.map(moved)].sort((a, b) => a - b),
          );
          expect(after(after([one], changes), inverse(changes, [one]))).toEqual([one]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
