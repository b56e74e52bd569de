/**
 * The little Markdown that notes are written in: headings, lists, code, `**strong**`, `*stress*`,
 * and the names of places (`#7`, `L512`, `dmar0/00:06.0/context`), which lead there. What comes out
 * is a tree of plain texts; the window and the report put it on the page, and nothing in it is
 * ever markup.
 */

export type NoteSpan =
  | { readonly kind: 'text' | 'code' | 'strong' | 'stress'; readonly text: string }
  /** A place of the session, by its name. */
  | { readonly kind: 'place'; readonly text: string };

export type NoteBlock =
  | { readonly kind: 'paragraph' | 'heading'; readonly spans: readonly NoteSpan[] }
  | { readonly kind: 'list'; readonly items: readonly (readonly NoteSpan[])[] }
  | { readonly kind: 'code'; readonly text: string };

/** Blocks of a note, at most; the rest is one paragraph of plain text. */
const MAX_BLOCKS = 2000;

/** Reads a note. Any text is one: what is no form of it stays as it was typed. */
export function readNote(text: string): NoteBlock[] {
  const blocks: NoteBlock[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length;) {
    if (blocks.length >= MAX_BLOCKS) {
      blocks.push({
        kind: 'paragraph',
        spans: [{ kind: 'text', text: lines.slice(at).join('\n') }],
      });
      break;
    }
    const line = lines[at];
    if (line.trim() === '') at++;
    else if (line.startsWith('```')) {
      const end = lines.findIndex((each, index) => index > at && each.startsWith('```'));
      const to = end < 0 ? lines.length : end;
      blocks.push({ kind: 'code', text: lines.slice(at + 1, to).join('\n') });
      at = to + 1;
    } else if (/^#{1,3} /.test(line)) {
      blocks.push({ kind: 'heading', spans: readSpans(line.replace(/^#+ /, '')) });
      at++;
    } else if (ITEM.test(line)) {
      const to = endOf(lines, at, (each) => ITEM.test(each));
      const items = lines.slice(at, to).map((each) => readSpans(each.replace(ITEM, '')));
      blocks.push({ kind: 'list', items });
      at = to;
    } else {
      const to = endOf(
        lines,
        at,
        (each) => each.trim() !== '' && !each.startsWith('```') && !ITEM.test(each),
      );
      blocks.push({ kind: 'paragraph', spans: readSpans(lines.slice(at, to).join('\n')) });
      at = to;
    }
  }
  return blocks;
}

/** The first line of a note with something in it, for a list. */
export function noteTitle(text: string): string {
  const line = text.split('\n').find((each) => each.trim() !== '') ?? '';
  return line
    .replace(/^(?:#{1,3}|[-*]) +/, '')
    .replace(/[*`]/g, '')
    .trim()
    .slice(0, 160);
}

const ITEM = /^\s*[-*] +/;

/** One alternative a span; none of them can match over the end of another. */
const SPAN =
  /`([^`\n]{1,400})`|\*\*([^*\n]{1,400})\*\*|\*([^*\s][^*\n]{0,400})\*|(?<![\w#/.])(#\d{1,9}|L\d{1,9}|(?:dmar|ivhd|sim)\d{1,4}(?:\/[\w:.[\]]+)+)(?![\w/])/g;

function readSpans(text: string): NoteSpan[] {
  const spans: NoteSpan[] = [];
  let from = 0;
  for (const match of text.matchAll(SPAN)) {
    if (match.index > from) spans.push({ kind: 'text', text: text.slice(from, match.index) });
    const [all, code, strong, stress, place] = match;
    if (code !== undefined) spans.push({ kind: 'code', text: code });
    else if (strong !== undefined) spans.push({ kind: 'strong', text: strong });
    else if (stress !== undefined) spans.push({ kind: 'stress', text: stress });
    else spans.push({ kind: 'place', text: place });
    from = match.index + all.length;
  }
  if (from < text.length) spans.push({ kind: 'text', text: text.slice(from) });
  return spans;
}

function endOf(lines: readonly string[], from: number, fits: (line: string) => boolean): number {
  let to = from + 1;
  while (to < lines.length && fits(lines[to])) to++;
  return to;
}
