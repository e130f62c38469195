/** The first parts of the addresses that are pages of the app; all others are the server's. */
const pages = [
  '',
  'tasks',
  'agenda',
  'calendar',
  'conflicts',
  'settings',
  'signin',
  'signup',
  'forgot',
  'setup',
];

/** Tells whether an address is a page of the app, also one that is opened without a network. */
export function isPage(path: string): boolean {
  const [, first = '', ...rest] = path.split('/');
  return pages.includes(first) && !/\.\w+$/.test(rest.at(-1) ?? '') && path !== '/agenda/import';
}
