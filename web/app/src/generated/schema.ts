// Made by `freshet codegen typescript` from workspace.graphql. Change that, and make this again.
import type { Schema } from '@freshet/client';

/** How far a task has come. */
export type TaskStatus =
  /** Nobody has begun. */
  | 'OPEN'
  /** Somebody is at it. */
  | 'IN_PROGRESS'
  /** There is nothing left to do. */
  | 'DONE';

/** Somebody has a task open, or closes it. It is told to those who may read the task, and stored nowhere. */
export interface Presence {
  readonly taskId: string;
  /** Who it is, as owner and sharedWith name them. */
  readonly user?: string | null;
  /** hello of who comes, here of who is there, gone of who leaves. */
  readonly state?: string | null;
  readonly at?: number | null;
}

/** Something that somebody has to do. */
export interface Task {
  readonly id: string;
  /** What has to be done, in a few words. */
  readonly title: string;
  /** More about it, as text. */
  readonly description?: string | null;
  /** How far it has come. */
  readonly status?: TaskStatus | null;
  /** When it has to be done. Tasks without it are not in tasksByOwnerAndDue. */
  readonly due?: string | null;
  /** The user whose task it is; filled in with the one who creates it. */
  readonly owner?: string | null;
  /** The users who may read and change it beside the owner. */
  readonly sharedWith?: readonly (string | null)[] | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Grows by 1 with each write of the record. */
  readonly _version: number;
  /** True for a record that was deleted. */
  readonly _deleted?: boolean | null;
  /** When the record was written last, in milliseconds. */
  readonly _lastChangedAt: number;
}

/** The fields of a new record. */
export interface TaskCreate {
  readonly id?: string;
  /** What has to be done, in a few words. */
  readonly title: string;
  /** More about it, as text. */
  readonly description?: string | null;
  /** How far it has come. */
  readonly status?: TaskStatus | null;
  /** When it has to be done. Tasks without it are not in tasksByOwnerAndDue. */
  readonly due?: string | null;
  /** The user whose task it is; filled in with the one who creates it. */
  readonly owner?: string | null;
  /** The users who may read and change it beside the owner. */
  readonly sharedWith?: readonly (string | null)[] | null;
}

/** What an update may change; null takes a value away. */
export interface TaskPatch {
  /** What has to be done, in a few words. */
  readonly title?: string;
  /** More about it, as text. */
  readonly description?: string | null;
  /** How far it has come. */
  readonly status?: TaskStatus | null;
  /** When it has to be done. Tasks without it are not in tasksByOwnerAndDue. */
  readonly due?: string | null;
  /** The user whose task it is; filled in with the one who creates it. */
  readonly owner?: string | null;
  /** The users who may read and change it beside the owner. */
  readonly sharedWith?: readonly (string | null)[] | null;
}

/** What names a record. */
export type TaskKey = string;

/** Something that happens at a time. */
export interface Event {
  readonly id: string;
  /** What happens, in a few words. */
  readonly title: string;
  /** When it begins; of an event that repeats, the first time. */
  readonly start: string;
  /** When it ends; of an event that repeats, the first time. */
  readonly end: string;
  /** Whether it takes whole days, so that only the dates count, as they are written; an end at 00:00 is that of the day before. */
  readonly allDay?: boolean | null;
  /** The time zone that it is planned in, like Europe/Zurich. An event that repeats keeps its local time there. */
  readonly zone?: string | null;
  /** Where it happens. */
  readonly location?: string | null;
  /** More about it, as text. */
  readonly notes?: string | null;
  /** How it repeats: a recurrence rule of RFC 5545, like FREQ=WEEKLY;BYDAY=MO. Without one it happens once. */
  readonly rrule?: string | null;
  /** Of an event that repeats: the times at which it would begin and does not happen. */
  readonly exdates?: readonly (string | null)[] | null;
  /** The event that repeats of which this one takes the place once. */
  readonly series?: string | null;
  /** With series: when the occurrence would begin that this one takes the place of. */
  readonly occurrence?: string | null;
  /** The calendar that it is in. Who may write an event may name any: what a calendar shows is what its owner, and those it is shared with, put there. */
  readonly calendar?: string | null;
  /** The user whose event it is; filled in with the one who creates it. */
  readonly owner?: string | null;
  /** The users who take part, and may read and change it beside the owner. */
  readonly attendees?: readonly (string | null)[] | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Grows by 1 with each write of the record. */
  readonly _version: number;
  /** True for a record that was deleted. */
  readonly _deleted?: boolean | null;
  /** When the record was written last, in milliseconds. */
  readonly _lastChangedAt: number;
}

/** The fields of a new record. */
export interface EventCreate {
  readonly id?: string;
  /** What happens, in a few words. */
  readonly title: string;
  /** When it begins; of an event that repeats, the first time. */
  readonly start: string;
  /** When it ends; of an event that repeats, the first time. */
  readonly end: string;
  /** Whether it takes whole days, so that only the dates count, as they are written; an end at 00:00 is that of the day before. */
  readonly allDay?: boolean | null;
  /** The time zone that it is planned in, like Europe/Zurich. An event that repeats keeps its local time there. */
  readonly zone?: string | null;
  /** Where it happens. */
  readonly location?: string | null;
  /** More about it, as text. */
  readonly notes?: string | null;
  /** How it repeats: a recurrence rule of RFC 5545, like FREQ=WEEKLY;BYDAY=MO. Without one it happens once. */
  readonly rrule?: string | null;
  /** Of an event that repeats: the times at which it would begin and does not happen. */
  readonly exdates?: readonly (string | null)[] | null;
  /** The event that repeats of which this one takes the place once. */
  readonly series?: string | null;
  /** With series: when the occurrence would begin that this one takes the place of. */
  readonly occurrence?: string | null;
  /** The calendar that it is in. Who may write an event may name any: what a calendar shows is what its owner, and those it is shared with, put there. */
  readonly calendar?: string | null;
  /** The user whose event it is; filled in with the one who creates it. */
  readonly owner?: string | null;
  /** The users who take part, and may read and change it beside the owner. */
  readonly attendees?: readonly (string | null)[] | null;
}

/** What an update may change; null takes a value away. */
export interface EventPatch {
  /** What happens, in a few words. */
  readonly title?: string;
  /** When it begins; of an event that repeats, the first time. */
  readonly start?: string;
  /** When it ends; of an event that repeats, the first time. */
  readonly end?: string;
  /** Whether it takes whole days, so that only the dates count, as they are written; an end at 00:00 is that of the day before. */
  readonly allDay?: boolean | null;
  /** The time zone that it is planned in, like Europe/Zurich. An event that repeats keeps its local time there. */
  readonly zone?: string | null;
  /** Where it happens. */
  readonly location?: string | null;
  /** More about it, as text. */
  readonly notes?: string | null;
  /** How it repeats: a recurrence rule of RFC 5545, like FREQ=WEEKLY;BYDAY=MO. Without one it happens once. */
  readonly rrule?: string | null;
  /** Of an event that repeats: the times at which it would begin and does not happen. */
  readonly exdates?: readonly (string | null)[] | null;
  /** The event that repeats of which this one takes the place once. */
  readonly series?: string | null;
  /** With series: when the occurrence would begin that this one takes the place of. */
  readonly occurrence?: string | null;
  /** The calendar that it is in. Who may write an event may name any: what a calendar shows is what its owner, and those it is shared with, put there. */
  readonly calendar?: string | null;
  /** The user whose event it is; filled in with the one who creates it. */
  readonly owner?: string | null;
  /** The users who take part, and may read and change it beside the owner. */
  readonly attendees?: readonly (string | null)[] | null;
}

/** What names a record. */
export type EventKey = string;

/** Events that belong together, and that the owner may publish. */
export interface Calendar {
  readonly id: string;
  /** What it is called. */
  readonly name: string;
  /** The colour that its events have, like #0b7285. */
  readonly color?: string | null;
  /** The user whose calendar it is; filled in with the one who creates it. */
  readonly owner?: string | null;
  /** The users whose events it shows beside the owner's, and who may see that there is it. */
  readonly sharedWith?: readonly (string | null)[] | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Grows by 1 with each write of the record. */
  readonly _version: number;
  /** True for a record that was deleted. */
  readonly _deleted?: boolean | null;
  /** When the record was written last, in milliseconds. */
  readonly _lastChangedAt: number;
}

/** The fields of a new record. */
export interface CalendarCreate {
  readonly id?: string;
  /** What it is called. */
  readonly name: string;
  /** The colour that its events have, like #0b7285. */
  readonly color?: string | null;
  /** The user whose calendar it is; filled in with the one who creates it. */
  readonly owner?: string | null;
  /** The users whose events it shows beside the owner's, and who may see that there is it. */
  readonly sharedWith?: readonly (string | null)[] | null;
}

/** What an update may change; null takes a value away. */
export interface CalendarPatch {
  /** What it is called. */
  readonly name?: string;
  /** The colour that its events have, like #0b7285. */
  readonly color?: string | null;
  /** The user whose calendar it is; filled in with the one who creates it. */
  readonly owner?: string | null;
  /** The users whose events it shows beside the owner's, and who may see that there is it. */
  readonly sharedWith?: readonly (string | null)[] | null;
}

/** What names a record. */
export type CalendarKey = string;

/** What a client is made with. */
export const schema: Schema<{
  tasks: { record: Task; create: TaskCreate; patch: TaskPatch; key: TaskKey };
  events: { record: Event; create: EventCreate; patch: EventPatch; key: EventKey };
  calendars: { record: Calendar; create: CalendarCreate; patch: CalendarPatch; key: CalendarKey };
}> = {
  version: '3c91af6dc50a2583',
  collections: {
    tasks: {
      model: 'Task',
      key: ['id'],
      fields: {
        id: { type: 'ID', required: true },
        title: { type: 'String', required: true },
        description: { type: 'String' },
        status: { type: 'TaskStatus', default: 'OPEN' },
        due: { type: 'AWSDateTime' },
        owner: { type: 'String', owner: true },
        sharedWith: { type: 'String', list: true },
        createdAt: { type: 'AWSDateTime', required: true, readonly: true },
        updatedAt: { type: 'AWSDateTime', required: true, readonly: true },
      },
      indexes: {
        byStatus: ['status'],
        byOwnerAndDue: ['owner', 'due'],
      },
      conflict: 'AUTOMERGE',
    },
    events: {
      model: 'Event',
      key: ['id'],
      fields: {
        id: { type: 'ID', required: true },
        title: { type: 'String', required: true },
        start: { type: 'AWSDateTime', required: true },
        end: { type: 'AWSDateTime', required: true },
        allDay: { type: 'Boolean', default: false },
        zone: { type: 'String' },
        location: { type: 'String' },
        notes: { type: 'String' },
        rrule: { type: 'String' },
        exdates: { type: 'AWSDateTime', list: true },
        series: { type: 'ID' },
        occurrence: { type: 'AWSDateTime' },
        calendar: { type: 'ID' },
        owner: { type: 'String', owner: true },
        attendees: { type: 'String', list: true },
        createdAt: { type: 'AWSDateTime', required: true, readonly: true },
        updatedAt: { type: 'AWSDateTime', required: true, readonly: true },
      },
      indexes: {
        byCalendar: ['calendar', 'start'],
        byOwnerAndStart: ['owner', 'start'],
      },
      conflict: 'AUTOMERGE',
    },
    calendars: {
      model: 'Calendar',
      key: ['id'],
      fields: {
        id: { type: 'ID', required: true },
        name: { type: 'String', required: true },
        color: { type: 'String' },
        owner: { type: 'String', owner: true },
        sharedWith: { type: 'String', list: true },
        createdAt: { type: 'AWSDateTime', required: true, readonly: true },
        updatedAt: { type: 'AWSDateTime', required: true, readonly: true },
      },
      indexes: {
        byOwner: ['owner'],
      },
      conflict: 'AUTOMERGE',
    },
  },
  objects: {
    Presence: {
      taskId: { type: 'ID', required: true },
      user: { type: 'String' },
      state: { type: 'String' },
      at: { type: 'AWSTimestamp' },
    },
  },
  enums: {
    TaskStatus: ['OPEN', 'IN_PROGRESS', 'DONE'],
  },
};
