import { textOf, viewOf } from './image.ts';
import type { Note } from './dump.ts';

/** Notes that are read at most: more than the largest machine has processors, several times. */
const MAX_NOTES = 65_536;

/** Bytes of notes that are read at most; 8,192 processors need about 4 MiB. */
export const MAX_NOTE_BYTES = 64 * 1024 * 1024;

export interface ParsedNotes {
  readonly notes: readonly Note[];
  /** What was wrong with the note area, if anything was. */
  readonly damage: string | undefined;
}

/**
 * Reads a note area (ELF gABI, "Note Section"): n_namesz, n_descsz, n_type, then name and
 * descriptor, each padded to 4 bytes. Ends at the first entry that does not fit.
 */
export function parseNotes(bytes: Uint8Array): ParsedNotes {
  const view = viewOf(bytes);
  const notes: Note[] = [];
  let at = 0;
  while (at + 12 <= bytes.length) {
    const nameSize = view.getUint32(at, true);
    const descSize = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    if (nameSize === 0 && descSize === 0 && type === 0) break; // padding after the last note
    const descAt = at + 12 + align4(nameSize);
    if (descAt + descSize > bytes.length)
      return { notes, damage: `note ${notes.length} reaches past the end of the note area` };
    if (notes.length === MAX_NOTES)
      return { notes, damage: `more than ${MAX_NOTES} notes; the rest is not read` };
    notes.push({
      name: textOf(bytes.subarray(at + 12, at + 12 + nameSize)),
      type,
      desc: bytes.subarray(descAt, descAt + descSize),
    });
    at = descAt + align4(descSize);
  }
  return { notes, damage: undefined };
}

/** The text of the VMCOREINFO note, if there is one. */
export function vmcoreinfoOf(notes: readonly Note[]): string | undefined {
  const note = notes.find((each) => each.name === 'VMCOREINFO');
  return note && textOf(note.desc);
}

function align4(size: number): number {
  return Math.ceil(size / 4) * 4;
}
