/** A public holiday, in the form of Nager.Date. */
export interface Holiday {
  readonly date: string;
  readonly localName: string;
  readonly name: string;
  /** Whether it is one in the whole country; otherwise `counties` tells where. */
  readonly global: boolean;
  readonly counties: readonly string[] | null;
}

export interface Country {
  readonly countryCode: string;
  readonly name: string;
}

/** Asks, and keeps the answer for when there is no network. */
async function kept<T>(path: string): Promise<T | undefined> {
  const key = `freshet ${path}`;
  try {
    const response = await fetch(path);
    if (response.ok) {
      const text = await response.text();
      localStorage.setItem(key, text);
      return JSON.parse(text);
    }
  } catch {
    // What was kept is as good.
  }
  const text = localStorage.getItem(key);
  return text === null ? undefined : JSON.parse(text);
}

/** Gives the holidays of a year; none where they are not known and cannot be asked for. */
export const holidays = async (country: string, year: number): Promise<readonly Holiday[]> =>
  (await kept<readonly Holiday[]>(`/api/v3/PublicHolidays/${year}/${country}`)) ?? [];

export const countries = async (): Promise<readonly Country[]> =>
  (await kept<readonly Country[]>('/api/v3/AvailableCountries')) ?? [];

const chosen = 'freshet holidays of';

export const chosenCountry = (): string => localStorage.getItem(chosen) ?? '';

export function chooseCountry(country: string): void {
  if (country) localStorage.setItem(chosen, country);
  else localStorage.removeItem(chosen);
}
