import type { ReactNode } from 'react';
import { useMemo, useRef, useState } from 'react';
import { hex, parseHex } from '../../../core/format/hex.ts';
import { formatSize } from '../../../core/format/size.ts';
import { asFailure } from '../../engine/failure.ts';
import { useCall } from '../../engine/useCall.ts';
import { addressItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { useChanged } from '../../state/useChanged.ts';
import { useFollowed } from '../../state/useFollowed.ts';
import { copyText } from '../../ui/clipboard.ts';
import type { Column } from '../../ui/columns.ts';
import { Empty, Panel } from '../../ui/Panel.tsx';
import type { PanelTable } from '../../ui/table-export.ts';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { EMPTY, missingLook } from '../../wording.ts';
import { NoDump } from '../NoDump.tsx';
import type { HexRow } from './rows.ts';
import {
  ROW_BYTES,
  cArray,
  hexRows,
  hexdumpText,
  memoryTable,
  pageRows,
  plainWords,
  wordsOf,
} from './rows.ts';
import { FindBar } from './FindBar.tsx';
import { HexCells, missingOf, type Match } from './HexCells.tsx';
import { overlayOf } from './overlay.ts';
import './memory.css';

type WordSize = 1 | 2 | 4 | 8;

const SIZES: readonly WordSize[] = [1, 2, 4, 8];
/** Bytes that are read at a time. */
const SPAN = 32_768;
const COLUMNS: readonly Column[] = [
  { id: 'address', title: 'Address', width: 148 },
  { id: 'low', title: '0–7', name: 'Bytes 0–7', width: 180, grow: 212 },
  { id: 'high', title: '8–f', name: 'Bytes 8–f', width: 180, grow: 212 },
  { id: 'text', title: 'Text or entry', width: 120, grow: 'rest' },
];

type Space = 'physical' | 'virtual' | 'iova';

const SPACE_NAMES: Readonly<Record<Space, string>> = {
  physical: 'Physical address',
  virtual: 'Virtual address or symbol',
  iova: 'I/O virtual address',
};

/** Physical memory as hex, with the inspected entry underlined and gaps named. */
export function MemoryPanel(): ReactNode {
  const workbench = useWorkbench();
  const { engine, menu, notices, session } = workbench;
  const units = useStore(session.info, (info) => info?.units);
  const open = useStore(
    session.info,
    (info) => info?.sources.some(({ kind }) => kind === 'dump' || kind === 'simulated') ?? true,
  );
  const bits = useStore(session.info, (info) => info?.addressBits ?? 52);
  // The newest of the two counts: an address that is followed later is no entry's.
  const followed = useFollowed((each) =>
    each.physical !== undefined || each.entry !== undefined ? each : undefined,
  );
  const physical = followed?.physical;
  const entryPath = followed?.entry;
  const entry = useCall(
    'entry.get',
    entryPath === undefined ? undefined : { path: entryPath },
  ).value;
  const device = useFollowed((each) => each.bdf);
  const [typed, setTyped] = useState(physical ?? '');
  const [address, setAddress] = useState(physical === undefined ? undefined : BigInt(physical));
  const [problem, setProblem] = useState('');
  const [size, setSize] = useState<WordSize>(1);
  const [selected, setSelected] = useState(0);
  const [space, setSpace] = useState<Space>('physical');
  const [resolved, setResolved] = useState('');
  const [finding, setFinding] = useState(false);
  const [match, setMatch] = useState<Match>();
  const input = useRef<HTMLInputElement>(null);

  const go = (to: bigint): void => {
    setAddress(to);
    setTyped(hex(to));
    setProblem('');
    setResolved('');
    setSelected(0);
  };
  // Where an entry is shown, its own bytes are of interest before what it points to.
  const wanted = entryPath === undefined ? physical : entry?.address;
  if (useChanged(wanted) && wanted !== undefined) go(BigInt(wanted));

  const unit = entryPath?.split('/')[0];
  const simulated = units?.some((each) => each.name === unit && each.from === 'simulated') ?? false;
  const start = address === undefined ? undefined : address - (address % BigInt(ROW_BYTES));
  const answer = useCall(
    'memory.read',
    !open || start === undefined
      ? undefined
      : { address: hex(start), length: SPAN, unit: simulated ? unit : undefined },
  );
  const rows = useMemo(
    () => (answer.value && start !== undefined ? hexRows(answer.value.pages, start, SPAN) : []),
    [answer.value, start],
  );
  const [overlaid, setOverlaid] = useState(true);
  const found = useMemo(() => entry && overlayOf(entry), [entry]);
  const overlay = overlaid ? found : undefined;
  const look = useMemo(() => ({ bits, size, overlay, match }), [bits, size, overlay, match]);
  const submit = (): void => {
    if (space === 'physical') {
      const value = parseHex(typed);
      if (value === undefined) setProblem(`Not an address: "${typed}". Write it as 0x13f2d9000.`);
      else go(value);
      return;
    }
    const value = parseHex(typed);
    if (space === 'iova' && (device === undefined || value === undefined))
      return setProblem(
        device === undefined ? 'No device is selected.' : `Not an address: "${typed}".`,
      );
    const request =
      space === 'virtual'
        ? ({ space, text: typed.trim() } as const)
        : ({ space, bdf: device!, address: hex(value!) } as const);
    engine.call('memory.resolve', request).then(
      ({ physical: to, label }) => {
        setSpace('physical');
        go(BigInt(to));
        setResolved(label);
      },
      (error: unknown) => setProblem(asFailure(error).happened),
    );
  };
  const step = (direction: 1 | -1): void => {
    if (start === undefined) return;
    const { next } = answer.value ?? {};
    // Gaps are passed as a whole: the engine says where the view goes on.
    if (direction === 1 && next !== undefined) return go(BigInt(next));
    const to = start + BigInt(direction * SPAN);
    go(to < 0n ? 0n : to);
  };
  const widen = (direction: 1 | -1): void =>
    setSize((old) => SIZES[Math.max(0, Math.min(3, SIZES.indexOf(old) + direction))]);
  const own = useMemo(
    () => ({
      'panel.filter': () => {
        input.current?.focus();
        input.current?.select();
      },
      'copy.value': () => {
        const row = rows[selected];
        if (row?.kind === 'bytes') void copyText(wordsOf(row.bytes, size).join(' '), notices);
      },
    }),
    [rows, selected, size, notices],
  );
  const table: PanelTable | undefined =
    rows.length === 0
      ? undefined
      : {
          name: 'Memory',
          forms: () => {
            const page = pageRows(rows, selected);
            if (page.length === 0) return [];
            return [
              { title: 'Bytes of the page', text: plainWords(page, 1) },
              { title: 'Words of the page, 8 B', text: plainWords(page, 8) },
              { title: 'C array of the page', text: cArray(page) },
              { title: 'hexdump -C of the page', text: hexdumpText(page) },
            ];
          },
          read: () => memoryTable(rows, size),
        };

  return (
    <Panel
      loading={answer.state === 'loading'}
      failure={answer.failure}
      actions={own}
      table={table}
      bar={
        <form
          className="memory-bar"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <select
            className="field"
            aria-label="Address space"
            value={space}
            onChange={(event) => setSpace(event.target.value as Space)}
          >
            <option value="physical">Physical{simulated ? ` of ${unit}` : ''}</option>
            <option value="virtual">Virtual or symbol</option>
            {device !== undefined && <option value="iova">IOVA of {device}</option>}
          </select>
          <input
            ref={input}
            className="field memory-address"
            aria-label={SPACE_NAMES[space]}
            aria-invalid={problem !== ''}
            placeholder={space === 'virtual' ? 'linux_banner' : '0x13f2d9000'}
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          <label className="muted">
            <span className="visually-hidden">Word size</span>
            <select
              className="field"
              aria-label="Word size"
              value={size}
              onChange={(event) => setSize(Number(event.target.value) as WordSize)}
            >
              {SIZES.map((each) => (
                <option key={each} value={each}>
                  {each} B
                </option>
              ))}
            </select>
          </label>
          <button
            type="button"
            className="btn"
            onClick={() => step(-1)}
            disabled={start === undefined || start === 0n}
          >
            ◀ {formatSize(SPAN)}
          </button>
          <button
            type="button"
            className="btn"
            onClick={() => step(1)}
            disabled={start === undefined}
          >
            {formatSize(SPAN)} ▶
          </button>
          <button
            type="button"
            className="btn"
            aria-pressed={finding}
            onClick={() => setFinding(!finding)}
          >
            Find
          </button>
          {found && (
            <button
              type="button"
              className="btn shrink"
              aria-pressed={overlaid}
              title="Underlines the table of the selected entry, and names its entries"
              onClick={() => setOverlaid(!overlaid)}
            >
              Overlay: {found.table?.title ?? found.title}
            </button>
          )}
          {resolved !== '' && <span className="muted shrink">{resolved}</span>}
          {resolved === '' && problem === '' && answer.value && (
            <span className="muted shrink push" title={answer.value.source}>
              {answer.value.source}
            </span>
          )}
          {problem !== '' && (
            <span role="alert" className="is-error shrink">
              {problem}
            </span>
          )}
        </form>
      }
    >
      {finding && (
        <FindBar
          unit={simulated ? unit : undefined}
          from={match?.start ?? address ?? 0n}
          onFound={(at, length) => {
            go(at - (at % BigInt(ROW_BYTES)));
            setMatch({ start: at, end: at + BigInt(length) });
          }}
        />
      )}
      {!open ? (
        <NoDump text={EMPTY.memoryNoSource} />
      ) : start === undefined ? (
        <Empty text={EMPTY.memory} action="panel.filter" button="Address" />
      ) : (
        <div className="memory">
          <VirtualRows
            label="Physical memory"
            role="grid"
            columns={COLUMNS}
            table="memory"
            rowId={(index) => hex(rows[index].address)}
            count={rows.length}
            selected={selected}
            rowHeight={18}
            item={(index) => rows[index]}
            look={look}
            onSelect={setSelected}
            onMenu={(index, x, y) => {
              const row = rows[index];
              setSelected(index);
              if (row)
                menu.set({
                  label: 'Memory',
                  at: { x, y },
                  items: addressItems(workbench, hex(row.address)),
                });
            }}
            rowClass={(index) => rowClass(rows[index])}
            scopes={['lists', 'memory']}
            onKey={(stroke) => {
              if (stroke === '+') widen(1);
              else if (stroke === '-') widen(-1);
              else return false;
              return true;
            }}
            render={(index) => (
              <HexCells row={rows[index]} bits={bits} size={size} overlay={overlay} match={match} />
            )}
          />
        </div>
      )}
    </Panel>
  );
}

function rowClass(row: HexRow): string {
  if (row.kind !== 'gap') return row.kind === 'zeros' ? 'is-zeros' : '';
  return missingLook(missingOf(row.page).kind).hatch ? 'is-gap hatch' : 'is-gap';
}
