import { noteTitle } from '../../../core/format/note-text.ts';
import type { NoteItem } from '../../../core/protocol/contract-notes.ts';

/** The words of the notes on lines of a console and on the faults that they tell, by line. */
export function notesByLine(
  notes: readonly NoteItem[],
  console: string,
): ReadonlyMap<number, string> {
  const words = new Map<number, string>();
  for (const { pin, text, label } of notes) {
    if ((pin?.kind !== 'fault' && pin?.kind !== 'line') || (pin.console ?? console) !== console)
      continue;
    const before = words.get(pin.line);
    const title = noteTitle(text) || label;
    words.set(pin.line, before === undefined ? `Note: ${title}` : `${before}; ${title}`);
  }
  return words;
}
