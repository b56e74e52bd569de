import type { CSSProperties, ReactNode } from 'react';
import { useMemo, useRef } from 'react';
import { noteTitle } from '../../../core/format/note-text.ts';
import type { NoteItem, TargetWrite } from '../../../core/protocol/contract-notes.ts';
import { formatCount } from '../../../core/format/size.ts';
import type { TextTable } from '../../../core/format/table-text.ts';
import type { Scope } from '../../keys.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { copyText } from '../../ui/clipboard.ts';
import { ActionKeys, useKeyWords } from '../../ui/Keys.tsx';
import { Empty, Panel } from '../../ui/Panel.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { EMPTY } from '../../wording.ts';
import { NoteText } from './NoteText.tsx';
import './notes.css';

const KEYS: readonly Scope[] = ['lists', 'notes'];

/** Lines of the log of writes that are shown; all are in an export. */
const SHOWN_WRITES = 200;

/** What a person wrote down, and what was written to targets. */
export function NotesPanel(): ReactNode {
  const { actions, dock, notes, notices, writing } = useWorkbench();
  const { notes: list, writes, selected, known, failure } = useStore(notes.state);
  const removes = useKeyWords('note.remove');
  const editor = useRef<HTMLTextAreaElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const at = list.findIndex(({ id }) => id === selected);
  const note = list[at];
  const own = useMemo(
    () => ({
      'copy.value': note && (() => void copyText(note.text, notices)),
      'panel.filter': note && (() => editor.current?.focus()),
      'panel.escape': () => dock.focus('notes'),
      'note.remove': note && (() => void notes.remove(note.id)),
    }),
    [note, notes, notices, dock],
  );
  return (
    <Panel
      loading={!known && !failure}
      failure={failure}
      retry={() => void notes.load()}
      actions={own}
      focus={() => {
        // A note that was just made wants its text.
        const wanted = writing.get() ? editor.current : undefined;
        const first = wanted ?? body.current?.querySelector<HTMLElement>('[data-first-focus]');
        first?.focus();
        if (wanted) writing.set(false);
        return first !== undefined && first !== null;
      }}
      table={{
        name: 'Notes',
        forms: () => (note ? [{ title: 'Markdown', text: noteMarkdown(note) }] : []),
        read: () => notesTable(list),
      }}
      bar={
        <>
          <button type="button" className="btn" onClick={() => actions.run('note.new')}>
            New note <ActionKeys action="note.new" />
          </button>
          <span className="muted shrink">
            {list.length === 0
              ? ''
              : `${formatCount(list.length)} ${list.length === 1 ? 'note' : 'notes'}`}
          </span>
          <button
            type="button"
            className="btn push"
            onClick={() => actions.run('report.open')}
            title="The whole investigation as one page"
          >
            Report… <ActionKeys action="report.open" />
          </button>
        </>
      }
    >
      <div ref={body} className="notes-body">
        {known && list.length === 0 ? (
          <Empty text={EMPTY.notes} action="note.new" button="New note" />
        ) : (
          <div className="notes">
            <div className="notes-list" style={{ '--cols': 'minmax(0, 1fr)' } as CSSProperties}>
              <VirtualRows
                label="Notes"
                role="grid"
                table="notes"
                rowId={(index) => list[index]?.id}
                count={list.length}
                selected={at}
                rowHeight={38}
                onSelect={(index) => notes.select(list[index]?.id)}
                nameOf={(index) =>
                  list[index] && `${list[index].label} ${noteTitle(list[index].text)}`
                }
                onOpen={() => editor.current?.focus()}
                scopes={KEYS}
                onKey={(stroke) => {
                  if (stroke !== 'Delete' || !note) return false;
                  void notes.remove(note.id);
                  return true;
                }}
                render={(index) => <NoteCells note={list[index]} />}
              />
            </div>
            {note && (
              <div className="notes-one">
                <p className="notes-head">
                  {note.target === undefined ? (
                    <span className="muted">{note.label || 'Not pinned'}</span>
                  ) : (
                    <TargetLink target={note.target}>{note.label}</TargetLink>
                  )}
                  <time className="muted" dateTime={note.changed}>
                    {note.changed.slice(0, 16).replace('T', ' ')}
                  </time>
                  <button
                    type="button"
                    className="btn"
                    onClick={() => void notes.remove(note.id)}
                    title={`Remove this note (${removes} in the list)`}
                  >
                    Remove
                  </button>
                </p>
                <textarea
                  ref={editor}
                  key={note.id}
                  className="field notes-editor"
                  aria-label={`Text of the note${note.label ? ` on ${note.label}` : ''}`}
                  placeholder="What was seen, what it means. **strong**, `code`, - lists; #1, L512 and paths become links."
                  spellCheck={false}
                  value={note.text}
                  onChange={(event) => notes.type(note.id, event.target.value)}
                  onBlur={() => void notes.flush()}
                />
                <div
                  className="notes-read"
                  role="region"
                  aria-label="The note as it reads"
                  tabIndex={0}
                >
                  <NoteText text={note.text} />
                </div>
              </div>
            )}
          </div>
        )}
      </div>
      {writes.length > 0 && <Writes writes={writes} />}
    </Panel>
  );
}

function NoteCells({ note }: { readonly note: NoteItem }): ReactNode {
  const title = noteTitle(note.text);
  return (
    <span role="gridcell" className="text notes-cell">
      <span className={title === '' ? 'muted' : ''}>{title || 'No text yet'}</span>
      <small>{note.label || 'Not pinned'}</small>
    </span>
  );
}

/** What was sent to a target: nothing is written there without a line here. */
function Writes({ writes }: { readonly writes: readonly TargetWrite[] }): ReactNode {
  return (
    <section className="notes-writes" aria-label="Written to targets">
      <h3>
        Written to targets <span className="muted">{formatCount(writes.length)}</span>
      </h3>
      <ol>
        {writes
          .slice(-SHOWN_WRITES)
          .toReversed()
          .map((write) => (
            <li key={`${write.time} ${write.console} ${write.bytes}`}>
              <time className="muted" dateTime={write.time}>
                {write.time.slice(0, 19).replace('T', ' ')}
              </time>{' '}
              {write.console} · {write.bytes} B · <code>{write.text}</code>
            </li>
          ))}
      </ol>
    </section>
  );
}

function notesTable(notes: readonly NoteItem[]): TextTable {
  return {
    name: 'Notes',
    columns: ['pin', 'place', 'text', 'created', 'changed'],
    rows: notes.map(({ label, target, text, created, changed }) => [
      label,
      target,
      text,
      created,
      changed,
    ]),
  };
}

function noteMarkdown(note: NoteItem): string {
  return `${note.label === '' ? '' : `> ${note.label}\n\n`}${note.text}\n`;
}
