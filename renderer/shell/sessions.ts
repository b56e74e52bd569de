import type { NotePin } from '../../core/protocol/contract-notes.ts';
import type { SessionInfo } from '../../core/protocol/contract.ts';
import type { SessionItem } from '../../core/protocol/contract-sessions.ts';
import { formatCount, formatSize } from '../../core/format/size.ts';
import { bridge } from '../engine/road.ts';
import { pinOf } from '../panels/notes/model.ts';
import type { Workbench } from '../state/workbench.ts';
import { saveText } from '../ui/save.ts';
import { attempt, opened } from './actions.ts';

/** Takes up a session from its file. */
export function openSession(workbench: Workbench, path: string): void {
  attempt(workbench, workbench.engine.call('session.open', { paths: [path], add: false }), (info) =>
    opened(workbench, info),
  );
}

/** Looks for a file of the session that is not where it was. */
export function locate(workbench: Workbench, source: string, missing: string): void {
  const shell = bridge();
  if (!shell) {
    workbench.locating.set({ source, missing });
    workbench.dialog.set('locate');
    return;
  }
  attempt(workbench, shell.chooseFiles(), ([path]) => {
    if (path !== undefined)
      attempt(workbench, workbench.engine.call('session.locate', { source, path }));
  });
}

/** Files that are not opened by themselves any more, since the engine ended with them open. */
export function blamedFiles(info: SessionInfo | undefined): string[] {
  return (info?.sources ?? []).flatMap(({ blamed }) => (blamed === undefined ? [] : [blamed]));
}

/** Reads again what the engine ended with; with nothing of that, asks everything anew. */
export function readAgain(workbench: Workbench): void {
  const { engine, notices, session } = workbench;
  const paths = blamedFiles(session.info.get());
  if (paths.length === 0) return session.version.set((old) => old + 1);
  notices.dismiss();
  attempt(workbench, engine.call('session.open', { paths, add: true }), (info) =>
    session.take(info),
  );
}

/** What a session holds, in a line: `vmcore, console.cast · 3 faults · 2 notes`. */
export function contentsOf(session: SessionItem): string {
  const count = (n: number, one: string, more = `${one}s`): string[] =>
    n === 0 ? [] : [`${formatCount(n)} ${n === 1 ? one : more}`];
  return [
    session.sources.join(', ') || 'no sources',
    ...count(session.faults, 'fault'),
    ...count(session.findings, 'finding'),
    ...count(session.changes, 'change'),
    ...count(session.notes, 'note'),
    ...(session.recorded > 0 ? [`${formatSize(session.recorded)} recorded`] : []),
  ].join(' · ');
}

/** Why a session may not open as it was; empty when it does. */
export function warningOf(session: SessionItem): string {
  if (session.elsewhere) return 'open in another Faultline';
  if (session.missing.length > 0) return `File not found: ${session.missing.join(', ')}`;
  return session.interrupted ? 'not closed in order; nothing of it is lost' : '';
}

/** Registers what concerns sessions, notes and the report. */
export function registerSessionActions(workbench: Workbench): void {
  const { actions, dock, engine, notes, notices, selection, session } = workbench;
  const ready = (): boolean => !session.empty;
  const firstConsole = (): string | undefined => session.info.get()?.consoles[0]?.id;
  /** In Tables the selected row is meant, also when another panel selected something since. */
  const pin = (): NotePin | undefined => {
    const { path, selected } = workbench.tree.state.get();
    if (
      dock.state.get().active === 'tables' &&
      path !== undefined &&
      workbench.tree.rows.row(selected)?.hasEntry
    )
      return { kind: 'entry', path };
    return pinOf(selection.current, firstConsole());
  };
  const showNotes = (): void => {
    workbench.start.set(false);
    dock.open('notes');
  };
  const newNote = (at: NotePin | undefined): void => {
    // The editor takes the focus when it shows the new note, which may be before the answer.
    workbench.writing.set(true);
    void notes.add(at).then((note) => {
      if (note) showNotes();
      else workbench.writing.set(false);
    });
  };

  actions.add(
    {
      id: 'note.new',
      title: 'New note on the selection',
      possible: ready,
      run: () => newNote(pin()),
    },
    {
      id: 'note.pin',
      title: 'Pin the selection to Notes',
      possible: () => ready() && pin() !== undefined,
      run: () =>
        void notes.add(pin()).then((note) => {
          if (note)
            notices.show({
              severity: 'note',
              text: `Pinned to Notes: ${note.label}`,
              action: {
                title: 'Write',
                run: () => {
                  notices.dismiss();
                  workbench.writing.set(true);
                  showNotes();
                },
              },
            });
        }),
    },
    {
      id: 'note.time',
      title: 'Note on the newest console line',
      possible: () => firstConsole() !== undefined,
      run: () => {
        const console = session.info.get()?.consoles[0];
        if (!console || console.lines === 0) return;
        newNote({ kind: 'line', console: console.id, line: console.lines });
      },
    },
    {
      id: 'report.open',
      title: 'Report of the investigation…',
      possible: ready,
      run: () => workbench.dialog.set('report'),
    },
    {
      id: 'session.copy',
      title: 'Save a copy of the session…',
      possible: ready,
      run: () =>
        attempt(
          workbench,
          notes.flush().then(() => engine.call('session.copy', {})),
          ({ name, text, left }) => {
            void saveText(name, text, 'application/json', notices).then(() => {
              if (left.length > 0)
                notices.show({
                  severity: 'warning',
                  text: `Too large for the copy: ${left.join(', ')}. It stays in this machine’s session.`,
                });
            });
          },
        ),
    },
    {
      id: 'target.reread',
      title: 'Read again',
      possible: ready,
      run: () => readAgain(workbench),
    },
    {
      id: 'session.open',
      title: 'Open a session…',
      run: () => workbench.dialog.set('sessions'),
    },
  );
}
