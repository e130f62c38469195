import { type AppClient, useClient } from '@freshet/react';
import { useState } from 'react';
import {
  type Change,
  changeAll,
  changeFollowing,
  changeOne,
  deleteAll,
  deleteFollowing,
  deleteOne,
  isFirst,
  type Time,
} from '../../agenda/changes.ts';
import type { Occurrence } from '../../agenda/occurrences.ts';
import { write } from '../../agenda/write.ts';
import type { Event, EventPatch } from '../../generated/schema.ts';
import { ownName } from '../../server/people.ts';
import { type Draft, draftOf, fieldsOf, patchOf, timeOf } from './draft.ts';
import { texts } from './texts.ts';
import type { Which } from './which.tsx';

const t = texts.event;

/** A question that has to be answered before something is written. */
export interface Question {
  readonly title: string;
  readonly options: readonly Which[];
  readonly choose: (which: Which) => void;
  readonly cancel: () => void;
}

export interface Editing {
  readonly question: Question | undefined;
  create(draft: Draft): void;
  save(occurrence: Occurrence, draft: Draft): void;
  move(occurrence: Occurrence, time: Time, revert: () => void): void;
  remove(occurrence: Occurrence): void;
}

/** Writes what is done to events, and asks which ones are meant where one repeats. */
export function useEditing(events: readonly Event[]): Editing {
  const client: AppClient = useClient();
  const [question, setQuestion] = useState<Question>();
  const make = (changes: readonly Change[], told: string) => void write(client, changes, events, told);
  const ask = (title: string, options: readonly Which[], choose: Question['choose'], cancel = () => {}) =>
    setQuestion({
      title,
      options,
      choose: (which) => {
        setQuestion(undefined);
        choose(which);
      },
      cancel: () => {
        setQuestion(undefined);
        cancel();
      },
    });

  /** A rule is that of a series, and whoever does not own one cannot end it for another of theirs. */
  function change(occurrence: Occurrence, time: Time, patch: EventPatch, told: string, cancel = () => {}) {
    const made = { id: crypto.randomUUID(), owner: ownName() };
    const isRule = patch.rrule !== undefined;
    const splits = !isFirst(occurrence) && occurrence.event.owner === made.owner;
    const changes: Partial<Record<Which, Change[] | undefined>> = {
      one: isRule ? undefined : changeOne(occurrence, time, patch, made),
      following: splits ? changeFollowing(occurrence, time, patch, events, made) : undefined,
      all: changeAll(occurrence, time, patch, events),
    };
    const options = (['one', 'following', 'all'] as const).filter((which) => changes[which]);
    const choose = (which: Which) => make(changes[which] ?? [], told);
    if (!occurrence.original || (isRule && options.length === 1)) choose('all');
    else ask(texts.which.change, options, choose, cancel);
  }

  return {
    question,
    create(draft) {
      const { start, end, allDay } = timeOf(draft);
      const times = { start: new Date(start).toISOString(), end: new Date(end).toISOString(), allDay };
      make([{ op: 'create', fields: { id: crypto.randomUUID(), ...fieldsOf(draft), ...times } }], t.created);
    },
    save(occurrence, draft) {
      const patch = patchOf(draft, draftOf(occurrence), occurrence.event);
      change(occurrence, timeOf(draft), patch, t.changed);
    },
    move: (occurrence, time, revert) => change(occurrence, time, {}, t.moved, revert),
    remove(occurrence) {
      if (!occurrence.original) return make(deleteOne(occurrence, events), t.removed);
      const changes = { one: deleteOne, following: deleteFollowing, all: deleteAll };
      const options = isFirst(occurrence)
        ? (['one', 'all'] as const)
        : (['one', 'following', 'all'] as const);
      ask(texts.which.remove, options, (which) => make(changes[which](occurrence, events), t.removed));
    },
  };
}
