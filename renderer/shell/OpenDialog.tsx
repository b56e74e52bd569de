import type { ReactNode } from 'react';
import { useState } from 'react';
import { exactBytes, formatSize } from '../../core/format/size.ts';
import { asFailure } from '../engine/failure.ts';
import { useCall } from '../engine/useCall.ts';
import { useWorkbench } from '../state/context.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { DialogButtons } from '../ui/DialogButtons.tsx';
import { ErrorBlock } from '../ui/ErrorBlock.tsx';
import { ActionKeys } from '../ui/Keys.tsx';
import type { Column } from '../ui/columns.ts';
import { VirtualRows } from '../ui/VirtualRows.tsx';
import type { WireFailure } from '../../core/protocol/wire.ts';
import type { Wanted } from '../state/workbench.ts';
import { browserModeLine } from '../wording.ts';
import { opened } from './actions.ts';
import { mayBeRaw, notOpened, openSecond } from './files.ts';

/** How long the dialog waits for its files, ms. */
const LASTS = 800;

const COLUMNS: readonly Column[] = [
  { id: 'name', title: 'Name', width: 120, grow: 'rest' },
  { id: 'size', title: 'Size', width: 96, end: true },
];

/**
 * Picks files of the machine that the engine runs on: for the session, as a second state that is
 * compared with it, or for one of the session's files that is not where it was. Several files (a
 * dump and its registers, parts of a split dump) are marked.
 */
export function OpenDialog({
  second = false,
  locate,
  onClose,
}: {
  readonly second?: boolean;
  /** The file of the session that is looked for, instead of any to open. */
  readonly locate?: Wanted;
  readonly onClose: () => void;
}): ReactNode {
  const workbench = useWorkbench();
  const { engine, session } = workbench;
  const info = session.info.get();
  const [folder, setFolder] = useState<string>();
  const [typed, setTyped] = useState('');
  const [selected, setSelected] = useState(-1);
  const [add, setAdd] = useState(session.takesMore);
  const [marked, setMarked] = useState<readonly string[]>([]);
  /** What was asked to be opened last. */
  const [tried, setTried] = useState<readonly string[]>([]);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<WireFailure>();
  const listing = useCall('files.list', { path: folder }, false);
  const here = listing.value;
  const rows = here
    ? [
        ...(here.parent === undefined ? [] : [{ name: '..', kind: 'folder' as const }]),
        ...here.entries,
      ]
    : [];

  const enter = (path: string | undefined): void => {
    setFolder(path);
    setSelected(-1);
    setTyped('');
  };
  const join = (name: string): string =>
    here ? `${here.path.replace(/[/\\]$/, '')}/${name}` : name;
  const pick = (index: number): void => {
    const row = rows[index];
    if (!row) return;
    if (row.name === '..') enter(here?.parent);
    else if (row.kind === 'folder') enter(join(row.name));
    else openPaths([...new Set([...marked, join(row.name)])]);
  };
  const mark = (index: number): void => {
    const row = rows[index];
    if (row?.kind !== 'file') return;
    const path = join(row.name);
    setMarked(marked.includes(path) ? marked.filter((each) => each !== path) : [...marked, path]);
  };
  const openPaths = (paths: readonly string[], as?: 'raw'): void => {
    setTried(paths);
    if (paths.length === 0 || busy) return;
    setBusy(true);
    setFailure(undefined);
    const work = locate
      ? engine.call('session.locate', { source: locate.source, path: paths[0] })
      : second
        ? openSecond(workbench, paths)
        : engine
            .call('session.open', { paths: [...paths], add: add && !session.empty, as })
            .then((answer) => opened(workbench, answer));
    // What lasts goes on behind: the status bar says how far it is, and stops it.
    let behind = false;
    const timer = setTimeout(() => {
      behind = true;
      onClose();
    }, LASTS);
    work.then(
      () => {
        clearTimeout(timer);
        if (!behind) onClose();
      },
      (error: unknown) => {
        clearTimeout(timer);
        if (behind) return notOpened(workbench, error, paths, add && !session.empty);
        setBusy(false);
        setFailure(asFailure(error));
      },
    );
  };

  return (
    <Dialog
      title={
        locate
          ? `Locate ${locate.missing}`
          : second
            ? 'Open a second state'
            : 'Open a dump, log, register file or session'
      }
      onClose={onClose}
      onSubmit={() => {
        const path = typed.trim();
        // A path that ends in a slash is a folder, and shows what is in it.
        if (/[/\\]$/.test(path)) enter(path);
        else if (path !== '') openPaths([...new Set([...marked, path])]);
        else if (marked.length > 0) openPaths(marked);
        else pick(selected);
      }}
      foot={
        <>
          {info && !info.empty && !second && !locate && (
            <label style={{ marginRight: 'auto' }}>
              <input
                type="checkbox"
                checked={add}
                onChange={(event) => setAdd(event.target.checked)}
              />{' '}
              Add to the open session
            </label>
          )}
          <DialogButtons
            submit={
              locate ? 'Use this file' : marked.length > 1 ? `Open ${marked.length} files` : 'Open'
            }
            disabled={busy || (typed === '' && selected < 0 && marked.length === 0)}
            onClose={onClose}
          />
        </>
      }
    >
      {!locate && (
        <p className="second">
          {second
            ? 'A dump of another moment, such as the crash kernel’s, to compare with what is open. '
            : ''}
          <ActionKeys action="list.toggle" /> marks several files: a dump and its register values.
        </p>
      )}
      {locate && <p className="hint-line">File not found: {locate.missing}</p>}
      {info?.shell === 'browser' && <p className="hint-line">{browserModeLine(info.host)}</p>}
      {failure && (
        <ErrorBlock
          failure={failure}
          action={
            mayBeRaw(failure) && !second && !locate
              ? { title: 'Open as raw memory', run: () => openPaths(tried, 'raw') }
              : undefined
          }
        />
      )}
      {marked.length > 0 && (
        <p className="hint-line" role="status">
          Marked: {marked.map((path) => path.replace(/^.*[/\\]/, '')).join(', ')}
        </p>
      )}
      <input
        className="field"
        aria-label="Path"
        placeholder={here?.path ?? 'Path'}
        value={typed}
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return;
          event.preventDefault();
          event.currentTarget.form?.querySelector<HTMLElement>('.rows-list')?.focus();
          setSelected(Math.max(0, selected));
        }}
        autoFocus
      />
      {listing.failure ? (
        <ErrorBlock failure={listing.failure} retry={() => enter(undefined)} />
      ) : (
        <div className="file-list">
          <VirtualRows
            label={`Files in ${here?.path ?? 'the folder'}`}
            role="grid"
            columns={COLUMNS}
            head={false}
            count={rows.length}
            selected={selected}
            onSelect={setSelected}
            onOpen={pick}
            onToggle={mark}
            nameOf={(index) => rows[index]?.name}
            render={(index) => {
              const row = rows[index];
              return (
                <>
                  <span role="gridcell">
                    {row.kind === 'folder'
                      ? '▸ '
                      : marked.includes(join(row.name))
                        ? '✓ '
                        : '\u00a0\u00a0'}
                    {row.name}
                  </span>
                  <span
                    role="gridcell"
                    className="num muted"
                    title={
                      'bytes' in row && row.bytes !== undefined ? exactBytes(row.bytes) : undefined
                    }
                  >
                    {'bytes' in row && row.bytes !== undefined ? formatSize(row.bytes) : ''}
                  </span>
                </>
              );
            }}
          />
        </div>
      )}
    </Dialog>
  );
}
