import type { ReactNode } from 'react';
import { useState } from 'react';
import { formatSize } from '../../core/format/size.ts';
import { asFailure } from '../engine/failure.ts';
import { useCall } from '../engine/useCall.ts';
import { useWorkbench } from '../state/context.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { ErrorBlock } from '../ui/ErrorBlock.tsx';
import { VirtualRows } from '../ui/VirtualRows.tsx';
import type { WireFailure } from '../../core/protocol/wire.ts';
import { browserModeLine } from '../wording.ts';
import { opened } from './actions.ts';
import { rememberRecent } from '../panels/start/recent.ts';

/** Picks files of the machine that the engine runs on. */
export function OpenDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const workbench = useWorkbench();
  const { engine, session } = workbench;
  const info = session.info.get();
  const [folder, setFolder] = useState<string>();
  const [typed, setTyped] = useState('');
  const [selected, setSelected] = useState(-1);
  const [add, setAdd] = useState(session.takesMore);
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
    else openPath(join(row.name));
  };
  const openPath = (path: string): void => {
    if (path.trim() === '' || busy) return;
    setBusy(true);
    setFailure(undefined);
    engine.call('session.open', { paths: [path.trim()], add: add && !session.empty }).then(
      (answer) => {
        rememberRecent(path.trim(), answer);
        onClose();
        opened(workbench, answer);
      },
      (error: unknown) => {
        setBusy(false);
        setFailure(asFailure(error));
      },
    );
  };

  return (
    <Dialog
      title="Open a dump, log or register file"
      onClose={onClose}
      onSubmit={() => {
        if (typed !== '') openPath(typed);
        else pick(selected);
      }}
      foot={
        <>
          {info && !info.empty && (
            <label style={{ marginRight: 'auto' }}>
              <input
                type="checkbox"
                checked={add}
                onChange={(event) => setAdd(event.target.checked)}
              />{' '}
              Add to the open session
            </label>
          )}
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="btn btn-primary"
            disabled={busy || (typed === '' && selected < 0)}
          >
            Open
          </button>
        </>
      }
    >
      {info?.shell === 'browser' && <p className="hint-line">{browserModeLine(info.host)}</p>}
      {failure && <ErrorBlock failure={failure} />}
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
          event.currentTarget.form?.querySelector<HTMLElement>('.rows')?.focus();
          setSelected(Math.max(0, selected));
        }}
        autoFocus
      />
      {listing.failure ? (
        <ErrorBlock failure={listing.failure} retry={() => enter(undefined)} />
      ) : (
        <div className="file-list" style={{ '--cols': '1fr 96px' } as React.CSSProperties}>
          <VirtualRows
            label={`Files in ${here?.path ?? 'the folder'}`}
            role="grid"
            count={rows.length}
            selected={selected}
            onSelect={setSelected}
            onOpen={pick}
            render={(index) => {
              const row = rows[index];
              return (
                <>
                  <span role="gridcell">
                    {row.kind === 'folder' ? '▸ ' : '\u00a0\u00a0'}
                    {row.name}
                  </span>
                  <span role="gridcell" className="num muted">
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
