import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { texts } from './texts.ts';

const t = texts.which;

export type Which = 'one' | 'following' | 'all';

/** Asks which occurrences of a series are meant. */
export function AskWhich({
  title,
  options,
  onChoose,
  onClose,
}: {
  title: string;
  options: readonly Which[];
  onChoose: (which: Which) => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="flex flex-col gap-2">
        {options.map((which) => (
          <Button key={which} className="justify-start" onClick={() => onChoose(which)}>
            {t[which]}
          </Button>
        ))}
      </div>
      {!options.includes('all') && <p className="mt-3 text-sm text-soft">{t.fixed}</p>}
    </Dialog>
  );
}
