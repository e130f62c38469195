const colours = [
  'bg-[#0b7285] text-[#fff]',
  'bg-[#7048a8] text-[#fff]',
  'bg-[#a2410f] text-[#fff]',
  'bg-[#2b6e3f] text-[#fff]',
  'bg-[#a3265c] text-[#fff]',
  'bg-[#2f5fb3] text-[#fff]',
] as const;

/** The letters of a name, in a colour of its own. */
export function Avatar({ id, name, small }: { id: string; name: string; small?: boolean }) {
  const hash = [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
  const letters = name
    .split(/[\s.@_-]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((part) => [...part][0])
    .join('');
  const size = small ? 'size-6 text-[.625rem]' : 'size-8 text-xs';
  return (
    <span
      aria-hidden="true"
      className={`grid shrink-0 place-items-center rounded-full font-semibold uppercase ${size} ${colours[hash % colours.length]}`}
    >
      {letters || '·'}
    </span>
  );
}
