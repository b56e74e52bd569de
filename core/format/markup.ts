/**
 * Markup that is made of text and markup only: whatever is put into a template is escaped unless
 * it was made here itself, so that a console's line can't become an element.
 */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Inset = string | number | undefined | Markup | readonly Inset[];

/** A piece of markup; insets are escaped for text and for quoted attributes alike. */
export function markup(parts: TemplateStringsArray, ...insets: readonly Inset[]): Markup {
  return new Markup(
    parts.map((part, at) => (at < insets.length ? part + inset(insets[at]) : part)).join(''),
  );
}

function inset(value: Inset): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeMarkup(String(value));
  return value.map(inset).join('');
}

/** Text as it stands in an element or an attribute; control characters become pictures of them. */
export function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (each) =>
      String.fromCodePoint(0x2400 + each.charCodeAt(0)),
    )
    .replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g, '\ufffd');
}
