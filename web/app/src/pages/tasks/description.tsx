import { useClient } from '@freshet/react';
import { lazy, Suspense, useState } from 'react';
import type { Task } from '../../generated/schema.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { change } from './actions.ts';
import { Clash } from './clash.tsx';
import { useDraft } from './draft.ts';

const t = texts.task;

const Markdown = lazy(async () => {
  const { render } = await import('./markdown.ts');
  return {
    default: ({ text }: { text: string }) => (
      // biome-ignore lint/security/noDangerouslySetInnerHtml: render gives what DOMPurify left
      <div className="markdown" dangerouslySetInnerHTML={{ __html: render(text) }} />
    ),
  };
});

/** What there is to say about a task, as Markdown: shown, or as text while it is written. */
export function Description({ task }: { task: Task }) {
  const client = useClient();
  const [editing, setEditing] = useState(false);
  const value = task.description ?? '';
  const draft = useDraft(
    value,
    (text) => void change(client, task, { description: text.trim() ? text : null }),
  );
  return (
    <section>
      <div className="mb-1.5 flex h-8 items-center justify-between">
        <h2 className="font-medium">{texts.fields.description}</h2>
        {!editing && value && (
          <Button
            small
            look="quiet"
            className="text-accent"
            aria-label={t.editDescription}
            onClick={() => setEditing(true)}
          >
            {texts.edit}
          </Button>
        )}
      </div>
      {editing ? (
        <textarea
          // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that had the focus
          autoFocus
          value={draft.text}
          aria-label={texts.fields.description}
          aria-describedby="describe-hint"
          onFocus={draft.begin}
          onChange={(event) => draft.write(event.target.value)}
          onBlur={() => {
            draft.finish();
            setEditing(false);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') draft.cancel();
            if (event.key === 'Escape' || (event.key === 'Enter' && (event.ctrlKey || event.metaKey)))
              event.currentTarget.blur();
          }}
          className="field-sizing-content block max-h-96 min-h-32 w-full resize-none rounded-lg border border-edge bg-panel p-3 text-base md:text-[.9375rem]"
        />
      ) : value ? (
        <Suspense fallback={<p className="whitespace-pre-wrap wrap-anywhere">{value}</p>}>
          <Markdown text={value} />
        </Suspense>
      ) : (
        <button
          type="button"
          onClick={() => setEditing(true)}
          className="w-full rounded-lg border border-dashed border-line px-3 py-3 text-left text-soft hover:border-edge hover:text-text"
        >
          {t.describe}
        </button>
      )}
      {editing && (
        <p id="describe-hint" className="mt-1.5 text-sm text-soft">
          {t.describeHint}
        </p>
      )}
      <Clash field={texts.fields.description} draft={draft} />
    </section>
  );
}
