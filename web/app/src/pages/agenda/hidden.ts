import { useState } from 'react';

const key = 'freshet hidden calendars';

/** The calendars that are not shown on this device, by their ids; '' are events without one. */
export function useHidden(): readonly [ReadonlySet<string>, (id: string, shown: boolean) => void] {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(load);
  const show = (id: string, shown: boolean) => {
    const next = new Set(hidden);
    if (shown) next.delete(id);
    else next.add(id);
    localStorage.setItem(key, JSON.stringify([...next]));
    setHidden(next);
  };
  return [hidden, show];
}

function load(): ReadonlySet<string> {
  try {
    return new Set(JSON.parse(localStorage.getItem(key) ?? '[]') as string[]);
  } catch {
    return new Set();
  }
}
