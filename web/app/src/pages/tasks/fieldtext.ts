import { texts } from '../../texts.ts';
import { dueText } from './due.ts';

/** What a field is called. */
export const fieldName = (field: string): string => (texts.fields as Record<string, string>)[field] ?? field;

/** A value of a field, in words; empty where there is none. */
export function fieldText(field: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return '';
  if (field === 'due') return dueText(String(value), Date.now());
  if (field === 'status')
    return (texts.tasks.statuses as Record<string, string>)[String(value)] ?? String(value);
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
