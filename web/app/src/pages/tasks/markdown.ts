import dompurify from 'dompurify';
import { marked } from 'marked';
import { texts } from '../../texts.ts';

const t = texts.task;

const tags =
  'p br hr h1 h2 h3 h4 h5 h6 strong em del code pre blockquote ul ol li a table thead tbody tr th td input'.split(
    ' ',
  );

const purify = dompurify(window);
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A') {
    node.setAttribute('target', '_blank');
    node.setAttribute('rel', 'noopener noreferrer nofollow');
  }
  if (node.tagName === 'INPUT') {
    if (node.getAttribute('type') !== 'checkbox') node.remove();
    node.setAttribute('disabled', '');
    node.setAttribute('aria-label', node.hasAttribute('checked') ? t.ticked : t.unticked);
  }
});

/** Gives Markdown as HTML that holds text, lists, tables and links, and nothing that runs, loads or looks like the app. */
export function render(text: string): string {
  const html = marked.parse(text, { async: false, breaks: true, gfm: true });
  return purify.sanitize(html, {
    ALLOWED_TAGS: tags,
    ALLOWED_ATTR: ['href', 'type', 'checked', 'disabled', 'start'],
    ADD_URI_SAFE_ATTR: ['type', 'checked', 'disabled', 'start'],
    ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel):/i,
  });
}
