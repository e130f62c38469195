import { useEffect, useState } from 'react';
import { type Country, countries } from '../../agenda/holidays.ts';
import type { Calendar } from '../../generated/schema.ts';
import { ownName } from '../../server/people.ts';
import { IconButton } from '../../ui/button.tsx';
import { inputLook } from '../../ui/field.tsx';
import { PlusIcon, SettingsIcon } from '../../ui/icons.tsx';
import { CalendarDialog } from './calendar.tsx';
import { Import } from './import.tsx';
import { colourOf } from './shown.ts';
import { texts } from './texts.ts';

const t = texts.calendars;

export interface CalendarsProps {
  calendars: readonly Calendar[];
  /** The ids of those that are not shown; '' are events without a calendar. */
  hidden: ReadonlySet<string>;
  country: string;
  onShow: (id: string, shown: boolean) => void;
  onCountry: (country: string) => void;
}

/** The calendars, which of them are shown, and what is beside them: holidays and files. */
export function Calendars({ calendars, hidden, country, onShow, onCountry }: CalendarsProps) {
  const [open, setOpen] = useState<Calendar | 'new'>();
  const me = ownName();
  const mine = calendars.filter(({ owner }) => owner === me);
  const others = calendars.filter(({ owner }) => owner !== me);
  return (
    <div className="space-y-6">
      <section aria-label={t.mine}>
        <div className="mb-1 flex items-center justify-between">
          <h2 className="text-sm font-semibold text-soft">{t.title}</h2>
          <IconButton label={t.add} className="-mr-2.5" onClick={() => setOpen('new')}>
            <PlusIcon />
          </IconButton>
        </div>
        <ul>
          {mine.map((calendar) => (
            <Row
              key={calendar.id}
              calendar={calendar}
              shown={!hidden.has(calendar.id)}
              onShow={onShow}
              onOpen={() => setOpen(calendar)}
            />
          ))}
          <Row calendar={{ id: '', name: t.without, color: null }} shown={!hidden.has('')} onShow={onShow} />
        </ul>
      </section>
      {others.length > 0 && (
        <section aria-label={t.others}>
          <h2 className="mb-1 text-sm font-semibold text-soft">{t.others}</h2>
          <ul>
            {others.map((calendar) => (
              <Row key={calendar.id} calendar={calendar} shown={!hidden.has(calendar.id)} onShow={onShow} />
            ))}
          </ul>
        </section>
      )}
      <Holidays country={country} onChange={onCountry} />
      <Import calendars={calendars} />
      {open && (
        <CalendarDialog calendar={open === 'new' ? undefined : open} onClose={() => setOpen(undefined)} />
      )}
    </div>
  );
}

interface RowProps {
  calendar: Pick<Calendar, 'id' | 'name' | 'color'>;
  shown: boolean;
  onShow: (id: string, shown: boolean) => void;
  onOpen?: () => void;
}

function Row({ calendar: { id, name, color }, shown, onShow, onOpen }: RowProps) {
  return (
    <li className="flex h-10 items-center">
      <label className="flex min-w-0 flex-1 items-center gap-3">
        <input
          type="checkbox"
          aria-label={t.show(name)}
          checked={shown}
          onChange={(event) => onShow(id, event.target.checked)}
          className="size-4"
          style={{ accentColor: colourOf(color) ?? 'var(--accent)' }}
        />
        <span className="min-w-0 truncate">{name}</span>
      </label>
      {onOpen && (
        <IconButton label={t.settings(name)} className="-mr-2.5" onClick={onOpen}>
          <SettingsIcon className="size-4" />
        </IconButton>
      )}
    </li>
  );
}

function Holidays({ country, onChange }: { country: string; onChange: (country: string) => void }) {
  const [known, setKnown] = useState<readonly Country[]>([]);
  useEffect(() => {
    let wanted = true;
    countries().then((all) => wanted && setKnown(all));
    return () => {
      wanted = false;
    };
  }, []);
  return (
    <section>
      <h2 className="mb-2 text-sm font-semibold text-soft" id="holidays">
        {texts.holidays.title}
      </h2>
      <select
        aria-labelledby="holidays"
        value={country}
        onChange={(event) => onChange(event.target.value)}
        className={`${inputLook} h-10`}
      >
        <option value="">{texts.holidays.none}</option>
        {known.map(({ countryCode, name }) => (
          <option key={countryCode} value={countryCode}>
            {name}
          </option>
        ))}
        {country && !known.some(({ countryCode }) => countryCode === country) && (
          <option value={country}>{country}</option>
        )}
      </select>
    </section>
  );
}
