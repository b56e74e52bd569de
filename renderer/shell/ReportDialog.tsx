import type { ReactNode } from 'react';
import { useState } from 'react';
import type { ReportFormat, ReportPart } from '../../core/protocol/contract-notes.ts';
import { noteTitle } from '../../core/format/note-text.ts';
import type { WireFailure } from '../../core/protocol/wire.ts';
import { asFailure, isCancelled } from '../engine/failure.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { ErrorBlock } from '../ui/ErrorBlock.tsx';
import { saveText } from '../ui/save.ts';

const TYPES: Readonly<Record<ReportFormat, string>> = {
  html: 'text/html',
  markdown: 'text/markdown',
};

/** The parts that can be left out, and what they are called. */
const PARTS: readonly (readonly [ReportPart, string])[] = [
  ['faults', 'Faults and why they happened'],
  ['units', 'Machine, units and devices'],
  ['findings', 'Findings'],
  ['audit', 'Audit'],
  ['phases', 'Phases of the boot'],
  ['changes', 'Changes made here'],
  ['writes', 'What was written to targets'],
];

/** Chooses what the report holds, and saves it. */
export function ReportDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { engine, faults, notes, notices } = useWorkbench();
  const { notes: list } = useStore(notes.state);
  const filter = useStore(faults.state, (state) => state.filter);
  const [format, setFormat] = useState<ReportFormat>('html');
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [without, setWithout] = useState<ReadonlySet<ReportPart>>(new Set());
  const [preview, setPreview] = useState<{
    readonly format: ReportFormat;
    readonly text: string;
  }>();
  const [filtered, setFiltered] = useState(false);
  const [hideHosts, setHideHosts] = useState(false);
  const [running, setRunning] = useState<AbortController>();
  const [failure, setFailure] = useState<WireFailure>();

  /** Makes the report, to be looked at or to be saved. */
  const make = async (save: boolean): Promise<void> => {
    const abort = new AbortController();
    setRunning(abort);
    setFailure(undefined);
    try {
      await notes.flush();
      const { name, text } = await engine.call(
        'report.make',
        {
          format,
          notes: list.filter(({ id }) => !left.has(id)).map(({ id }) => id),
          parts: PARTS.map(([part]) => part).filter((part) => !without.has(part)),
          filter: filtered ? filter : undefined,
          hideHosts,
        },
        abort.signal,
      );
      if (!save) return setPreview({ format, text });
      onClose();
      await saveText(name, text, TYPES[format], notices);
    } catch (error) {
      if (!isCancelled(error)) setFailure(asFailure(error));
    } finally {
      setRunning(undefined);
    }
  };
  const cancel = (): void => {
    running?.abort();
    onClose();
  };
  return (
    <Dialog
      title="Report of the investigation"
      onClose={cancel}
      onSubmit={() => {
        if (!running) void make(true);
      }}
      foot={
        <>
          <span className="muted" role="status" style={{ marginRight: 'auto' }}>
            {running ? 'Reading tables and digests…' : ''}
          </span>
          <button type="button" className="btn" onClick={cancel}>
            {running ? 'Stop' : 'Cancel'}
          </button>
          <button
            type="button"
            className="btn"
            disabled={running !== undefined}
            onClick={() => void make(false)}
          >
            Preview
          </button>
          <button type="submit" className="btn btn-primary" disabled={running !== undefined}>
            Save…
          </button>
        </>
      }
    >
      <p className="second report-words">
        One file with no script and nothing from elsewhere: sources and their digests, units, faults
        with their explanation, findings, audit, phases, changes, notes, and every gap that was met.
      </p>
      {failure && <ErrorBlock failure={failure} />}
      <div className="form-row">
        <label htmlFor="report-format">Format</label>
        <select
          id="report-format"
          className="field"
          value={format}
          onChange={(event) => setFormat(event.target.value === 'html' ? 'html' : 'markdown')}
        >
          <option value="html">HTML, to read and to print</option>
          <option value="markdown">Markdown, for a bug report</option>
        </select>
      </div>
      <label>
        <input
          type="checkbox"
          checked={hideHosts}
          onChange={(event) => setHideHosts(event.target.checked)}
        />{' '}
        Addresses and host names stay as they are. Replace host names?
      </label>
      <fieldset className="report-notes">
        <legend>Parts</legend>
        {PARTS.map(([part, title]) => (
          <label key={part}>
            <input
              type="checkbox"
              checked={!without.has(part)}
              onChange={() => setWithout(toggled(without, part))}
            />{' '}
            {title}
          </label>
        ))}
      </fieldset>
      {filter !== '' && (
        <label>
          <input
            type="checkbox"
            checked={filtered}
            onChange={(event) => setFiltered(event.target.checked)}
          />{' '}
          Only the faults that pass <code>{filter}</code>
        </label>
      )}
      {list.length > 0 && (
        <fieldset className="report-notes">
          <legend>Notes</legend>
          {list.map((note) => (
            <label key={note.id}>
              <input
                type="checkbox"
                checked={!left.has(note.id)}
                onChange={() => setLeft(toggled(left, note.id))}
              />{' '}
              {noteTitle(note.text) || note.label || 'No text yet'}
            </label>
          ))}
        </fieldset>
      )}
      {preview && <Preview {...preview} />}
    </Dialog>
  );
}

/** The same set with one more, or one less. */
function toggled<T>(set: ReadonlySet<T>, one: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(one)) next.add(one);
  return next;
}

/** The report as it would be saved: a page that may run nothing, or its text. */
function Preview({
  format,
  text,
}: {
  readonly format: ReportFormat;
  readonly text: string;
}): ReactNode {
  return (
    <section className="report-preview" aria-label="Preview">
      {format === 'html' ? (
        <iframe title="Preview of the report" sandbox="" srcDoc={text} />
      ) : (
        <pre tabIndex={0}>{text}</pre>
      )}
    </section>
  );
}
