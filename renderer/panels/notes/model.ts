import type { NoteItem, NotePin, TargetWrite } from '../../../core/protocol/contract-notes.ts';
import type { WireFailure } from '../../../core/protocol/wire.ts';
import type { Connection } from '../../engine/connection.ts';
import { asFailure, isCancelled } from '../../engine/failure.ts';
import type { Notices } from '../../state/notices.ts';
import type { Selection } from '../../state/selection.ts';
import type { SessionModel } from '../../state/session.ts';
import type { Store } from '../../state/store.ts';
import { createStore } from '../../state/store.ts';

export interface NotesState {
  readonly notes: readonly NoteItem[];
  readonly writes: readonly TargetWrite[];
  /** Id of the note that is shown. */
  readonly selected: string | undefined;
  readonly known: boolean;
  readonly failure: WireFailure | undefined;
}

/** A text is saved this long after the last key, ms. */
const SAVE_AFTER = 1000;

/** The session's notes. What is typed is saved by itself. */
export class NotesModel {
  readonly state: Store<NotesState> = createStore<NotesState>({
    notes: [],
    writes: [],
    selected: undefined,
    known: false,
    failure: undefined,
  });
  readonly #engine: Connection;
  readonly #notices: Notices;
  /** Text that is not saved yet. */
  #typed: { readonly id: string; readonly text: string } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #seen = '';

  constructor(engine: Connection, session: SessionModel, notices: Notices) {
    this.#engine = engine;
    this.#notices = notices;
    session.info.subscribe(() => {
      const info = session.info.get();
      // Pins lead to faults and lines, which come while logs are read.
      const seen = info
        ? [info.id, info.counts.notes, info.counts.faults, engine.link.get().epoch].join(' ')
        : '';
      if (seen === this.#seen) return;
      this.#seen = seen;
      if (info) void this.load();
    });
    globalThis.addEventListener('pagehide', () => void this.flush());
  }

  async load(): Promise<void> {
    try {
      const answer = await this.#engine.call('notes.list', {});
      this.state.set((old) => ({
        ...old,
        notes: answer.notes.map((note) =>
          note.id === this.#typed?.id ? { ...note, text: this.#typed.text } : note,
        ),
        writes: answer.writes,
        known: true,
        failure: undefined,
        selected: answer.notes.some(({ id }) => id === old.selected)
          ? old.selected
          : answer.notes.at(-1)?.id,
      }));
    } catch (error) {
      if (!isCancelled(error)) this.state.set((old) => ({ ...old, failure: asFailure(error) }));
    }
  }

  select(id: string | undefined): void {
    void this.flush();
    this.state.set((old) => ({ ...old, selected: id }));
  }

  /** Makes a note and selects it. */
  async add(pin: NotePin | undefined, text = ''): Promise<NoteItem | undefined> {
    await this.flush();
    try {
      const { note } = await this.#engine.call('notes.add', { pin, text });
      this.state.set((old) => ({
        ...old,
        notes: [...old.notes.filter(({ id }) => id !== note.id), note],
        selected: note.id,
      }));
      return note;
    } catch (error) {
      this.#notices.fail(asFailure(error));
      return undefined;
    }
  }

  /** Takes what is typed; it is saved a second after the last key. */
  type(id: string, text: string): void {
    this.state.set((old) => ({
      ...old,
      notes: old.notes.map((note) => (note.id === id ? { ...note, text } : note)),
    }));
    this.#typed = { id, text };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), SAVE_AFTER);
  }

  /** Saves what is not saved yet. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    const typed = this.#typed;
    if (!typed) return;
    this.#typed = undefined;
    try {
      const { note } = await this.#engine.call('notes.edit', typed);
      this.state.set((old) => ({
        ...old,
        notes: old.notes.map((each) =>
          each.id === note.id ? { ...note, text: this.#typed?.text ?? note.text } : each,
        ),
      }));
    } catch (error) {
      // It is still on the screen, and is sent again with the next key.
      this.#notices.fail(asFailure(error));
    }
  }

  async remove(id: string): Promise<void> {
    if (this.#typed?.id === id) this.#typed = undefined;
    const { notes } = this.state.get();
    const at = notes.findIndex((note) => note.id === id);
    const gone = notes[at];
    try {
      const answer = await this.#engine.call('notes.remove', { id });
      this.state.set((old) => ({
        ...old,
        ...answer,
        selected: (answer.notes[at] ?? answer.notes.at(-1))?.id,
      }));
      this.#notices.show({
        severity: 'note',
        text: `Removed the note ${gone?.label ? `on ${gone.label}` : ''}.`.replace(' .', '.'),
        action: {
          title: 'Put back',
          run: () => {
            this.#notices.dismiss();
            void this.add(gone?.pin, gone?.text);
          },
        },
      });
    } catch (error) {
      this.#notices.fail(asFailure(error));
    }
  }
}

/**
 * What a selection can be pinned as, the most telling part of it first.
 * @param console the console that a line is of when the selection does not say
 */
export function pinOf(selection: Selection, console: string | undefined): NotePin | undefined {
  const { fault, line, entry, physical, from } = selection;
  const where = selection.console ?? console;
  const path = entry === undefined ? undefined : ({ kind: 'entry', path: entry } as const);
  // A step of a walk or a row of Tables was chosen while the fault stays selected.
  if (path && from !== 'faults' && fault === undefined) return path;
  if (fault !== undefined && line !== undefined)
    return { kind: 'fault', console: where, line, fault };
  if (path) return path;
  if (line !== undefined && where !== undefined) return { kind: 'line', console: where, line };
  if (physical !== undefined) return { kind: 'address', address: physical };
  return undefined;
}
