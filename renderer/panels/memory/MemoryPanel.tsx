import type { ReactNode } from 'react';
import { useMemo, useRef, useState } from 'react';
import { hex, parseHex } from '../../../core/format/hex.ts';
import type { Space } from '../../../core/protocol/contract-memory.ts';
import { asFailure } from '../../engine/failure.ts';
import { useCall } from '../../engine/useCall.ts';
import { goTo } from '../../shell/go.ts';
import { addressItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { useChanged } from '../../state/useChanged.ts';
import { useFollowed } from '../../state/useFollowed.ts';
import type { MenuItem } from '../../state/workbench.ts';
import { copyText } from '../../ui/clipboard.ts';
import type { Column } from '../../ui/columns.ts';
import { Empty, Panel } from '../../ui/Panel.tsx';
import type { PanelTable } from '../../ui/table-export.ts';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { EMPTY, missingLook } from '../../wording.ts';
import { NoDump } from '../NoDump.tsx';
import { FindBar } from './FindBar.tsx';
import { HexCells, missingOf, type Match } from './HexCells.tsx';
import { MemoryBar, SIZES, type SpaceName, type WordSize } from './MemoryBar.tsx';
import { MemoryReadout } from './MemoryReadout.tsx';
import { entriesIn, overlayOf, overlayTitle } from './overlay.ts';
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
import './memory.css';

/** Bytes that are read at a time. */
const SPAN = 32_768;
/** Pages of one answer whose tables are asked for. */
const MOST_PAGES = 64;
const columnsFor = (bits: number): readonly Column[] => [
  { id: 'address', title: 'Address', width: bits > 52 ? 160 : 148 },
  { id: 'low', title: '0–7', name: 'Bytes 0–7', width: 180, grow: 212 },
  { id: 'high', title: '8–f', name: 'Bytes 8–f', width: 180, grow: 212 },
  { id: 'text', title: 'Text or entry', width: 112, grow: 'rest' },
];
const [NARROW, WIDE] = [columnsFor(52), columnsFor(64)];
/** Where a space that is mapped ends. */
const END = 1n << 64n;

/** Memory as hex: physical, or as a kernel or a device addresses it; tables marked, gaps named. */
export function MemoryPanel(): ReactNode {
  const workbench = useWorkbench();
  const { engine, menu, notices, session } = workbench;
  const units = useStore(session.info, (info) => info?.units);
  const open = useStore(
    session.info,
    (info) => info?.sources.some(({ kind }) => kind === 'dump' || kind === 'simulated') ?? true,
  );
  const physicalBits = useStore(session.info, (info) => info?.addressBits ?? 52);
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
  const device = useFollowed((each) => (each.bdf === undefined ? undefined : each));
  const iova = device?.iova;
  const [name, setName] = useState<SpaceName>('physical');
  const [typed, setTyped] = useState(physical ?? '');
  const [symbol, setSymbol] = useState<string>();
  const [address, setAddress] = useState(physical === undefined ? undefined : BigInt(physical));
  const [problem, setProblem] = useState('');
  const [size, setSize] = useState<WordSize>(1);
  const [selected, setSelected] = useState(0);
  const [hovered, setHovered] = useState<number>();
  const [finding, setFinding] = useState(false);
  const [overlaid, setOverlaid] = useState(true);
  const [match, setMatch] = useState<Match>();
  const input = useRef<HTMLInputElement>(null);

  const go = (to: bigint, within = name): void => {
    setName(within);
    setAddress(to);
    setTyped(hex(to));
    setSymbol(undefined);
    setProblem('');
    setSelected(0);
    setHovered(undefined);
  };
  // A device's addresses follow the address that is selected; else an entry's own bytes are of
  // interest, before what it points to.
  const wanted = entryPath === undefined ? physical : entry?.address;
  const moved = useChanged(wanted);
  if (useChanged(iova) && name === 'iova' && iova !== undefined) go(BigInt(iova));
  else if (moved && wanted !== undefined) go(BigInt(wanted), 'physical');

  const space = useMemo((): Space | undefined => {
    if (name === 'physical') return undefined;
    if (name === 'virtual') return { kind: 'virtual' };
    return device?.bdf === undefined
      ? undefined
      : { kind: 'iova', bdf: device.bdf, pasid: device.pasid };
  }, [name, device]);
  const entryUnit = entryPath?.split('/')[0];
  const unitName = space?.kind === 'iova' ? device?.unit : entryUnit;
  const simulated = units?.find(
    (each) => each.name === unitName && each.from === 'simulated',
  )?.name;
  const unit = space?.kind === 'virtual' ? undefined : simulated;
  const start = address === undefined ? undefined : address - (address % BigInt(ROW_BYTES));
  const answer = useCall(
    'memory.read',
    !open || start === undefined ? undefined : { address: hex(start), length: SPAN, unit, space },
  );
  const rows = useMemo(
    () => (answer.value && start !== undefined ? hexRows(answer.value.pages, start, SPAN) : []),
    [answer.value, start],
  );
  const pages = useMemo(
    () =>
      answer.value?.pages
        .filter(({ bytes }) => bytes !== undefined)
        .map((page) => page.physical ?? page.address)
        .slice(0, MOST_PAGES) ?? [],
    [answer.value],
  );
  const tables = useCall(
    'memory.tables',
    overlaid && pages.length > 0 ? { unit, pages } : undefined,
  ).value?.tables;
  const found = useMemo(() => overlayOf(tables ?? [], entry), [tables, entry]);
  const overlay = overlaid ? found : undefined;
  const wide = rows.some((each) => each.address >> 48n !== 0n);
  const bits = space === undefined ? physicalBits : wide ? 64 : 48;
  const look = useMemo(() => ({ bits, size, overlay, match }), [bits, size, overlay, match]);
  const row = rows.at(selected);
  const chosen = selected < 0 ? Math.max(0, rows.length + selected) : selected;
  const choose = (to: SpaceName): void => {
    setProblem('');
    if (to === 'iova') return go(iova === undefined ? 0n : BigInt(iova), to);
    if (to === 'physical' && row?.physical !== undefined) return go(row.physical, to);
    setName(to);
    setTyped('');
    setAddress(undefined);
    input.current?.focus();
  };
  const submit = (): void => {
    if (name === 'virtual') {
      engine.call('memory.symbol', { text: typed.trim() }).then(
        (answered) => {
          go(BigInt(answered.address));
          setSymbol(answered.name);
        },
        (error: unknown) => setProblem(asFailure(error).happened),
      );
      return;
    }
    const value = parseHex(typed);
    if (value === undefined || value >= END)
      setProblem(`Not an address: "${typed}". Write it as 0x13f2d9000.`);
    else go(value);
  };
  const step = (direction: 1 | -1): void => {
    if (start === undefined) return;
    const { next } = answer.value ?? {};
    // Gaps are passed as a whole: the engine says where the view goes on.
    if (direction === 1) return go(next === undefined ? start : BigInt(next));
    const to = start - BigInt(SPAN);
    go(to < 0n ? 0n : to);
  };
  /** Past the last row what follows is read, past the first what stands before. */
  const move = (to: (from: number, count: number) => number): void => {
    const target = to(chosen, rows.length + 1);
    if (target >= rows.length && chosen === rows.length - 1) return step(1);
    if (target > 0 || chosen > 0 || start === 0n) return setSelected(to(chosen, rows.length));
    step(-1);
    setSelected(-1);
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
        if (row?.kind === 'bytes') void copyText(wordsOf(row.bytes, size).join(' '), notices);
        else if (row?.kind === 'page') void copyText(hex(row.physical), notices);
      },
    }),
    [row, size, notices],
  );
  const namesIn = (each: HexRow | undefined) =>
    each?.kind === 'bytes' ? entriesIn(found, each.physical, BigInt(each.bytes.length)) : [];
  const itemsOf = (each: HexRow | undefined): MenuItem[] => {
    if (!each) return [];
    const at = hex(each.address);
    return [
      ...namesIn(each).map((one) => ({
        title: `Show ${one.name} in Tables`,
        run: () => goTo(workbench, one.path, { panel: 'tables' }),
      })),
      ...(space === undefined
        ? []
        : [{ title: `Copy ${at}`, run: () => void copyText(at, notices) }]),
      ...(space?.kind === 'iova'
        ? [
            {
              title: `Translate ${at}`,
              run: () => {
                workbench.reverse.set((old) => ({ ...old, on: false }));
                const { bdf, pasid } = space;
                workbench.selection.publish({
                  bdf,
                  pasid,
                  unit: device?.unit,
                  iova: at,
                  from: 'link',
                });
                workbench.dock.open('translate', { focus: false });
              },
            },
          ]
        : []),
      ...(each.physical === undefined && space !== undefined
        ? []
        : addressItems(workbench, hex(each.physical ?? each.address))),
    ];
  };
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
          read: () => memoryTable(rows, size, space !== undefined),
        };

  return (
    <Panel
      loading={answer.state === 'loading'}
      failure={answer.failure}
      actions={own}
      table={table}
      bar={
        <MemoryBar
          space={name}
          onSpace={choose}
          simulated={simulated}
          device={device?.bdf}
          input={input}
          typed={typed}
          onType={setTyped}
          onSubmit={submit}
          size={size}
          onSize={setSize}
          span={SPAN}
          onStep={start === undefined ? undefined : step}
          atStart={start === 0n}
          finding={finding}
          onFinding={setFinding}
          overlay={{ on: overlaid, title: overlayTitle(found, pages, row?.physical) }}
          onOverlay={setOverlaid}
          problem={problem}
          source={
            symbol === undefined ? answer.value?.source : `${symbol}, ${answer.value?.source ?? ''}`
          }
        />
      }
    >
      {finding && (
        <FindBar
          unit={unit}
          space={space}
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
        <div
          className="memory"
          onMouseOver={(event) => setHovered(rowUnder(event.target))}
          onMouseLeave={() => setHovered(undefined)}
        >
          <VirtualRows
            label={
              space === undefined
                ? 'Physical memory'
                : space.kind === 'virtual'
                  ? 'Virtual memory'
                  : `Memory of ${space.bdf}`
            }
            role="grid"
            columns={bits > 52 ? WIDE : NARROW}
            table={bits > 52 ? 'memory-wide' : 'memory'}
            rowId={(index) => hex(rows[index].address)}
            count={rows.length}
            selected={chosen}
            rowHeight={18}
            item={(index) => rows[index]}
            look={look}
            onSelect={setSelected}
            onMove={move}
            onOpen={(index, beside) => {
              const [first] = namesIn(rows[index]);
              if (first) goTo(workbench, first.path, { panel: 'tables', beside });
            }}
            onMenu={(index, x, y) => {
              setSelected(index);
              const items = itemsOf(rows[index]);
              if (items.length > 0) menu.set({ label: 'Memory', at: { x, y }, items });
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
          <MemoryReadout
            row={rows[hovered ?? chosen]}
            overlay={overlay}
            mapped={space !== undefined}
          />
        </div>
      )}
    </Panel>
  );
}

/** The row that an element stands in, by its place in the list. */
function rowUnder(target: EventTarget): number | undefined {
  const row = target instanceof Element ? target.closest('[role="row"].row') : null;
  const index = Number(row?.getAttribute('aria-rowindex') ?? Number.NaN) - 2;
  return index >= 0 ? index : undefined;
}

function rowClass(row: HexRow): string {
  if (row.kind !== 'gap') return row.kind === 'zeros' ? 'is-zeros' : '';
  return missingLook(missingOf(row.page).kind).hatch ? 'is-gap hatch' : 'is-gap';
}
