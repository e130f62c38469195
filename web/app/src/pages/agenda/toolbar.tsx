import type { CalendarController } from '@fullcalendar/react';
import { PageTitle } from '../../shell/page.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { BackIcon, PlusIcon } from '../../ui/icons.tsx';
import { Segments } from '../../ui/segments.tsx';
import { texts } from './texts.ts';

const views = ['dayGridMonth', 'timeGridWeek', 'timeGridDay', 'listMonth'] as const;
export type View = (typeof views)[number];

export interface ToolbarProps {
  controller: CalendarController;
  /** What is shown, like March 2026. */
  title: string;
  view: View;
  name?: string;
  onView: (view: View) => void;
  onNew?: () => void;
  children?: React.ReactNode;
}

/** The way through the time, and how much of it is shown. */
export function Toolbar({
  controller,
  title,
  view,
  name = texts.title,
  onView,
  onNew,
  children,
}: ToolbarProps) {
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-3">
      <PageTitle className="sr-only">{name}</PageTitle>
      <p
        aria-live="polite"
        className="min-w-0 flex-1 truncate text-xl font-semibold tracking-tight md:text-2xl"
      >
        {title}
      </p>
      <div className="flex items-center">
        <IconButton label={texts.previous} onClick={() => controller.prev()}>
          <BackIcon />
        </IconButton>
        <Button small onClick={() => controller.today()}>
          {texts.today}
        </Button>
        <IconButton label={texts.next} onClick={() => controller.next()}>
          <BackIcon className="size-5 rotate-180" />
        </IconButton>
      </div>
      <div className="flex w-full items-center gap-2 md:w-auto">
        <Segments
          label={texts.view.label}
          value={view}
          options={views.map((name) => [name, texts.view[name]] as const)}
          onChange={onView}
          className="min-w-0 flex-1 md:flex-none"
        />
        {children}
        {onNew && (
          <Button look="primary" className="px-3 md:px-4" onClick={onNew} title={texts.newEvent}>
            <PlusIcon />
            <span className="sr-only sm:not-sr-only">{texts.new}</span>
          </Button>
        )}
      </div>
    </div>
  );
}
