import { type AppClient, useClient } from '@freshet/react';
import { useState } from 'react';
import {
  type Change,
  changeAll,
  changeOne,
  deleteAll,
  deleteFollowing,
  deleteOne,
  moveAll,
  moveOne,
  type Time,
} from '../../agenda/changes.ts';
import type { Occurrence } from '../../agenda/occurrences.ts';
import { write } from '../../agenda/write.ts';
import type { Event } from '../../generated/schema.ts';
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

  return {
    question,
    create(draft) {
      const { start, end, allDay } = timeOf(draft);
      const times = { start: new Date(start).toISOString(), end: new Date(end).toISOString(), allDay };
      make([{ op: 'create', fields: { id: crypto.randomUUID(), ...fieldsOf(draft), ...times } }], t.created);
    },
    save(occurrence, draft) {
      const time = timeOf(draft);
      const patch = patchOf(draft, draftOf(occurrence), occurrence.event);
      const all = changeAll(occurrence, time, patch, events);
      if (!occurrence.original || patch.rrule !== undefined) return make(all ?? [], t.changed);
      ask(texts.which.move, all ? ['one', 'all'] : ['one'], (which) =>
        make(which === 'one' ? changeOne(occurrence, time, patch, crypto.randomUUID()) : all!, t.changed),
      );
    },
    move(occurrence, time, revert) {
      const all = moveAll(occurrence, time, events);
      if (!occurrence.original) return make(all ?? [], t.moved);
      ask(
        texts.which.move,
        all ? ['one', 'all'] : ['one'],
        (which) => make(which === 'one' ? moveOne(occurrence, time, crypto.randomUUID()) : all!, t.moved),
        revert,
      );
    },
    remove(occurrence) {
      if (!occurrence.original) return make(deleteOne(occurrence, events), t.removed);
      const changes = { one: deleteOne, following: deleteFollowing, all: deleteAll };
      ask(texts.which.remove, ['one', 'following', 'all'], (which) =>
        make(changes[which](occurrence, events), t.removed),
      );
    },
  };
}
