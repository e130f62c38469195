import { useId, useState } from 'react';
import { partsOf, ruleOf } from '../../agenda/rule.ts';
import { inputLook } from '../../ui/field.tsx';
import { texts } from './texts.ts';

const t = texts.repeat;

const presets = [
  ['', t.never],
  ['FREQ=DAILY', t.daily],
  ['FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', t.weekdays],
  ['FREQ=WEEKLY', t.weekly],
  ['FREQ=WEEKLY;INTERVAL=2', t.fortnightly],
  ['FREQ=MONTHLY', t.monthly],
  ['FREQ=YEARLY', t.yearly],
] as const;

/** How an event repeats: one of the usual rules with an end, or any rule. */
export function Repeat({ rule, onChange }: { rule: string; onChange: (rule: string) => void }) {
  const id = useId();
  const { UNTIL = '', ...parts } = partsOf(rule);
  const preset = presets.find(([known]) => known === ruleOf(parts))?.[0];
  const [custom, setCustom] = useState(preset === undefined);
  const choose = (value: string) => {
    setCustom(value === 'custom');
    if (value !== 'custom') onChange(withUntil(value, value && UNTIL));
    else if (!rule) onChange('FREQ=WEEKLY');
  };
  const until = UNTIL.replace(/^(\d{4})(\d\d)(\d\d).*$/, '$1-$2-$3');
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <div>
        <label htmlFor={id} className="mb-1.5 block font-medium">
          {texts.event.repeat}
        </label>
        <select
          id={id}
          value={custom ? 'custom' : (preset ?? 'custom')}
          onChange={(event) => choose(event.target.value)}
          className={`${inputLook} h-11`}
        >
          {presets.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
          <option value="custom">{t.custom}</option>
        </select>
      </div>
      {custom ? (
        <div>
          <label htmlFor={`${id}-rule`} className="mb-1.5 block font-medium">
            {t.rule}
          </label>
          <input
            id={`${id}-rule`}
            value={rule}
            placeholder={t.ruleHint}
            spellCheck={false}
            autoCapitalize="characters"
            onChange={(event) => onChange(event.target.value.trim())}
            className={`${inputLook} h-11 font-mono text-sm`}
          />
        </div>
      ) : (
        rule && (
          <div>
            <label htmlFor={`${id}-until`} className="mb-1.5 block font-medium">
              {t.until}
            </label>
            <input
              id={`${id}-until`}
              type="date"
              value={until}
              onChange={(event) => onChange(withUntil(rule, event.target.value))}
              className={`${inputLook} h-11`}
            />
          </div>
        )
      )}
    </div>
  );
}

/** The day counts: all that begin on it are of the series. */
function withUntil(rule: string, date: string): string {
  const { UNTIL: _, ...parts } = partsOf(rule);
  return ruleOf({ ...parts, ...(date && { UNTIL: date.replaceAll('-', '').slice(0, 8) }) });
}
