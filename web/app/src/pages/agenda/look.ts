import type { CalendarOptions } from '@fullcalendar/react';

/** A dot in the colour of its event, nearer to that of text, so that it is seen on light and dark alike. */
const dot = '[border-color:color-mix(in_oklab,var(--fc-event-color),var(--text)_20%)]';

/** How events look, beside what the theme says of them: titles have the room that there is, and times what is left. */
export const look: CalendarOptions = {
  eventTimeFormat: { hour: '2-digit', minute: '2-digit' },
  // On a phone the hours beside the grid say when it is.
  columnEventTimeClass: ({ isNarrow }) => (isNarrow ? 'hidden' : ''),
  columnEventTitleClass: ({ isShort }) => (isShort ? '' : 'hyphens-auto whitespace-normal wrap-break-word'),
  columnEventInnerClass: 'max-h-full overflow-hidden',
  listItemEventBeforeClass: dot,
  views: {
    timeGridWeek: { displayEventEnd: false },
    timeGridDay: { columnEventTitleClass: ({ isShort }) => (isShort ? '' : 'text-sm') },
    dayGridMonth: {
      displayEventEnd: false,
      listItemEventClass: '@container',
      listItemEventTimeClass: 'hidden @min-[8.5rem]:block',
      listItemEventTitleClass: ({ isNarrow }) => (isNarrow ? 'font-normal' : 'font-medium text-ellipsis'),
    },
    listMonth: { listItemEventTimeClass: 'w-24' },
  },
};
