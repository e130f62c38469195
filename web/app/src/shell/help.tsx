import { texts } from '../texts.ts';
import { Dialog } from '../ui/dialog.tsx';
import { setShortcutsOn, useShortcutsOn } from './shortcuts.ts';

const { groups, keys } = texts.help;

const sheet: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    groups.anywhere,
    [
      ['n', keys.new],
      ['/', keys.search],
      ['z', keys.undo],
      ['Shift d', keys.theme],
      ['g t', keys.goTasks],
      ['g a', keys.goAgenda],
      ['g c', keys.goConflicts],
      ['g s', keys.goSettings],
      ['?', keys.help],
    ],
  ],
  [
    groups.list,
    [
      ['j k', keys.move],
      ['Enter', keys.open],
      ['e', keys.edit],
      ['x', keys.done],
      ['Delete', keys.remove],
    ],
  ],
  [
    groups.task,
    [
      ['e', keys.edit],
      ['x', keys.done],
      ['Delete', keys.remove],
      ['Esc', keys.close],
    ],
  ],
  [
    groups.agenda,
    [
      ['c', keys.event],
      ['t', keys.today],
      ['← →', keys.time],
      ['j k', keys.events],
      ['m w d l', keys.views],
      ['Enter', keys.openEvent],
    ],
  ],
];

/** The sheet of keyboard shortcuts. */
export function Help({ onClose }: { onClose: () => void }) {
  const on = useShortcutsOn();
  return (
    <Dialog title={texts.help.title} onClose={onClose}>
      <label className="mb-5 flex items-center gap-3">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={on}
          onChange={(event) => setShortcutsOn(event.target.checked)}
        />
        <span>
          {texts.help.on}
          <span className="block text-sm text-soft">{texts.help.hint}</span>
        </span>
      </label>
      <div className="space-y-5">
        {sheet.map(([group, rows]) => (
          <section key={group}>
            <h3 className="mb-1.5 text-sm font-semibold text-soft">{group}</h3>
            <dl className="divide-y divide-line border-y border-line">
              {rows.map(([key, what]) => (
                <div key={key} className="flex items-center justify-between gap-4 py-2">
                  <dt>{what}</dt>
                  <dd className="flex gap-1.5">
                    {key.split(' ').map((part) => (
                      <kbd key={part} className="kbd">
                        {part}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
