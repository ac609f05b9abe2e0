// Server-rendered HTML. Guarantees that text reaches a page only escaped: `markup` escapes whatever is put into a template
// unless it came out of `markup` itself. Attribute values must stand in double quotes in the template.

/** Markup that is safe to put into a page. */
export class Html {
  private constructor(readonly text: string) {}

  /** For `markup` below only: nothing else may claim that a text is markup. */
  static trusted(text: string): Html {
    return new Html(text);
  }
}

/** What may stand in a template. Lists are joined; null is nothing. */
export type HtmlPart = string | number | bigint | Html | readonly Html[] | null;

/**
 * Template tag: the literal parts are markup, everything put in is text. Not called `html`: formatters rewrite the space in
 * templates of that name, and the style sheet's hash with it.
 */
export function markup(literals: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const written = literals.map((literal, i) => literal + textOf(parts[i] ?? null));
  return Html.trusted(written.join(''));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
// Control characters, and marks that turn the direction of the text around them: a name must not redraw its row.
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text as it may stand between tags or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(UNPRINTABLE, '\uFFFD').replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}

function textOf(part: HtmlPart): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map((each) => each.text).join('');
  return escapeHtml(String(part));
}
