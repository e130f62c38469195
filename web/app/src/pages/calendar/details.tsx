import type { Occurrence } from '../../agenda/occurrences.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { texts } from '../agenda/texts.ts';

const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeZone: 'UTC' });
const hours = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
});

/** What there is to read of an event. */
export function Details({
  occurrence: { event, start, end },
  onClose,
}: {
  occurrence: Occurrence;
  onClose: () => void;
}) {
  const when = event.allDay ? days.formatRange(start, end - 86_400_000) : hours.formatRange(start, end);
  return (
    <Dialog title={event.title} onClose={onClose}>
      <div className="space-y-2">
        <p>{when}</p>
        {event.location && <p className="text-soft">{event.location}</p>}
        {event.notes && <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{event.notes}</p>}
        {event.rrule && <p className="text-sm text-soft">{texts.repeats}</p>}
      </div>
    </Dialog>
  );
}
