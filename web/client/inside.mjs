/**
 * Names that the build shortens: of members that only the client's own modules know, and often. None of them may be in
 * what is exported, stored or sent, or be written as a text, which test/inside.test.ts holds.
 */
export const inside = [
  'atHand',
  'cells',
  'directory',
  'enqueue',
  'leafOf',
  'ledger',
  'linkTries',
  'meta',
  'narrowed',
  'nextNumber',
  'observers',
  'ordered',
  'overlay',
  'pushTries',
  'queries',
  'queue',
  'queued',
  'ranges',
  'readOne',
  'reindex',
  'runs',
  'setMeta',
  'settle',
  'spans',
  'waiting',
];
