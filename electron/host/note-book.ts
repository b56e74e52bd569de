import { randomUUID } from 'node:crypto';
import { Failure } from '../../core/memory/failure.ts';
import {
  MAX_NOTES,
  type Note,
  type NoteItem,
  type NotePin,
  type TargetWrite,
} from '../../core/protocol/contract-notes.ts';
import type { SessionFolder } from './session-folder.ts';
import { byteDigits } from '../../core/format/hex.ts';

/** What a pin is called, and where it leads now. */
export interface PinPlace {
  readonly label: string;
  /** A path, `#7`, `L12`, an address; undefined when it leads nowhere now. */
  readonly target: string | undefined;
}

/** Writes to one console within this time are one line of the log, ms. */
const TOGETHER = 2000;
const MAX_WRITES = 10_000;
const MAX_WRITE_TEXT = 400;

/** Where something was written to: a console, and its line that had begun then. */
export interface WrittenTo {
  readonly id: string;
  readonly name: string;
  readonly line: number;
}

/** The notes of a session, and what was written to its targets. */
export class NoteBook {
  readonly #folder: SessionFolder;
  readonly #place: (pin: NotePin) => PinPlace;
  readonly #now: () => Date;

  constructor(
    folder: SessionFolder,
    place: (pin: NotePin) => PinPlace,
    now: () => Date = () => new Date(),
  ) {
    this.#folder = folder;
    this.#place = place;
    this.#now = now;
  }

  get size(): number {
    return this.#folder.kept.notes.length;
  }

  list(): NoteItem[] {
    return this.#folder.kept.notes.map((note) => this.#item(note));
  }

  writes(): readonly TargetWrite[] {
    return this.#folder.kept.writes;
  }

  /** How many notes are pinned to an entry. */
  about(path: string): number {
    return this.#folder.kept.notes.filter(({ pin }) => pin?.kind === 'entry' && pin.path === path)
      .length;
  }

  /** @throws Failure when there are too many. */
  add(pin: NotePin | undefined, text: string): NoteItem {
    const { notes } = this.#folder.kept;
    if (notes.length >= MAX_NOTES)
      throw new Failure(
        'limit',
        `There are ${MAX_NOTES} notes already.`,
        'No further one was made.',
        'Remove some that are not needed.',
      );
    const time = this.#now().toISOString();
    const note: Note = {
      id: randomUUID(),
      ...(pin ? { pin } : {}),
      label: pin ? this.#place(pin).label.slice(0, 400) : '',
      text,
      created: time,
      changed: time,
    };
    this.#folder.keep({ notes: [...notes, note] });
    return this.#item(note);
  }

  /** @throws Failure when there is no such note. */
  edit(id: string, text: string): NoteItem {
    const note = { ...this.#get(id), text, changed: this.#now().toISOString() };
    this.#folder.keep({
      notes: this.#folder.kept.notes.map((each) => (each.id === id ? note : each)),
    });
    return this.#item(note);
  }

  remove(id: string): void {
    this.#get(id);
    this.#folder.keep({ notes: this.#folder.kept.notes.filter((each) => each.id !== id) });
  }

  /** Bytes went to a target: what is typed in one go is one line. */
  wrote({ id, name, line }: WrittenTo, data: string): void {
    const now = this.#now();
    const writes = [...this.#folder.kept.writes];
    const last = writes.at(-1);
    const together =
      last?.console === name &&
      (last.source ?? id) === id &&
      now.getTime() - Date.parse(last.time) < TOGETHER
        ? last
        : undefined;
    if (together) writes.pop();
    writes.push({
      time: together?.time ?? now.toISOString(),
      console: name,
      source: id,
      line: together?.line ?? line,
      bytes: (together?.bytes ?? 0) + data.length,
      text: `${together?.text ?? ''}${escaped(data)}`.slice(0, MAX_WRITE_TEXT),
    });
    this.#folder.keepSoon({ writes: writes.slice(-MAX_WRITES) });
  }

  #get(id: string): Note {
    const note = this.#folder.kept.notes.find((each) => each.id === id);
    if (note) return note;
    throw new Failure(
      'usage',
      'This note is not there.',
      'It may have been removed in another window.',
      'Choose one of the list.',
    );
  }

  #item(note: Note): NoteItem {
    return note.pin ? { ...note, target: this.#place(note.pin).target } : note;
  }
}

/** Typed characters as a line can show them: `ls\r` for ls and Return. */
function escaped(data: string): string {
  return data.replace(/[\u0000-\u001f\u007f-\u009f]/g, (each) =>
    each === '\r' ? '\\r' : each === '\n' ? '\\n' : `\\x${byteDigits(each.charCodeAt(0))}`,
  );
}
