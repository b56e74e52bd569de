import type { CSSProperties, ReactNode } from 'react';
import { useMemo, useRef, useState } from 'react';
import { hex, parseHex } from '../../../core/format/hex.ts';
import { formatSize } from '../../../core/format/size.ts';
import { useCall } from '../../engine/useCall.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { useChanged } from '../../state/useChanged.ts';
import { useFollowed } from '../../state/useFollowed.ts';
import { Address } from '../../ui/Address.tsx';
import { copyText } from '../../ui/clipboard.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import { Empty, Panel } from '../../ui/Panel.tsx';
import type { PanelTable } from '../../ui/table-export.ts';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import type { Missing } from '../../wording.ts';
import { EMPTY, missingLook, missingWords } from '../../wording.ts';
import type { HexRow, MemoryPage } from './rows.ts';
import { ROW_BYTES, asciiOf, cArray, hexRows, hexdump, memoryTable, wordsOf } from './rows.ts';
import './memory.css';

type WordSize = 1 | 2 | 4 | 8;

const SIZES: readonly WordSize[] = [1, 2, 4, 8];
/** Bytes that are read at a time. */
const SPAN = 16_384;
const COLUMNS = '148px minmax(180px, 212px) minmax(180px, 212px) minmax(120px, 1fr)';

interface Marked {
  readonly start: bigint;
  readonly end: bigint;
  readonly title: string;
}

/** Physical memory as hex, with the inspected entry underlined and gaps named. */
export function MemoryPanel(): ReactNode {
  const { notices, session } = useWorkbench();
  const units = useStore(session.info, (info) => info?.units);
  const bits = useStore(session.info, (info) => info?.addressBits ?? 52);
  const physical = useFollowed((selection) => selection.physical);
  const entryPath = useFollowed((selection) => selection.entry);
  const entry = useCall(
    'entry.get',
    entryPath === undefined ? undefined : { path: entryPath },
  ).value;
  const [typed, setTyped] = useState(physical ?? '');
  const [address, setAddress] = useState(physical === undefined ? undefined : BigInt(physical));
  const [problem, setProblem] = useState('');
  const [size, setSize] = useState<WordSize>(1);
  const [selected, setSelected] = useState(0);
  const input = useRef<HTMLInputElement>(null);

  const go = (to: bigint): void => {
    setAddress(to);
    setTyped(hex(to));
    setProblem('');
    setSelected(0);
  };
  // Where an entry is shown, its own bytes are of interest before what it points to.
  const wanted = entry?.address ?? physical;
  if (useChanged(wanted) && wanted !== undefined) go(BigInt(wanted));

  const unit = entryPath?.split('/')[0];
  const simulated = units?.some((each) => each.name === unit && each.from === 'simulated') ?? false;
  const start = address === undefined ? undefined : address - (address % BigInt(ROW_BYTES));
  const answer = useCall(
    'memory.read',
    start === undefined
      ? undefined
      : { address: hex(start), length: SPAN, unit: simulated ? unit : undefined },
  );
  const rows = useMemo(
    () => (answer.value && start !== undefined ? hexRows(answer.value.pages, start, SPAN) : []),
    [answer.value, start],
  );
  const marked: Marked | undefined = entry && {
    start: BigInt(entry.address),
    end: BigInt(entry.address) + BigInt(entry.width / 8),
    title: entry.title,
  };
  const step = (direction: 1 | -1): void => {
    if (start === undefined) return;
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
          forms: () => [
            {
              title: 'hexdump -C',
              text: rows
                .filter((row) => row.kind === 'bytes')
                .map((row) => hexdump(row.address, row.bytes))
                .join('\n'),
            },
            { title: 'C array', text: cArray(rows) },
          ],
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
            const value = parseHex(typed);
            if (value === undefined)
              setProblem(`Not an address: "${typed}". Write it as 0x13f2d9000.`);
            else go(value);
          }}
        >
          <input
            ref={input}
            className="field memory-address"
            aria-label="Physical address"
            aria-invalid={problem !== ''}
            placeholder="0x13f2d9000"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          <label className="muted">
            Physical{simulated ? ` of ${unit}` : ''}
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
          {problem !== '' && (
            <span role="alert" className="is-error shrink">
              {problem}
            </span>
          )}
        </form>
      }
    >
      {start === undefined ? (
        <Empty text={EMPTY.memory} action="panel.filter" button="Address" />
      ) : (
        <div className="memory" style={{ '--cols': COLUMNS } as CSSProperties}>
          <VirtualRows
            label="Physical memory"
            role="grid"
            count={rows.length}
            selected={selected}
            rowHeight={18}
            onSelect={setSelected}
            rowClass={(index) => rowClass(rows[index])}
            onKey={(stroke) => {
              if (stroke === '+') widen(1);
              else if (stroke === '-') widen(-1);
              else return false;
              return true;
            }}
            render={(index) => (
              <HexCells row={rows[index]} bits={bits} size={size} marked={marked} />
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

function HexCells({
  row,
  bits,
  size,
  marked,
}: {
  readonly row: HexRow;
  readonly bits: number;
  readonly size: WordSize;
  readonly marked: Marked | undefined;
}): ReactNode {
  const address = (
    <span role="gridcell" className="muted">
      <Address value={hex(row.address)} bits={bits} />
    </span>
  );
  if (row.kind === 'bytes') {
    const inside = (offset: number): boolean => {
      const at = row.address + BigInt(offset);
      return marked !== undefined && at >= marked.start && at < marked.end;
    };
    const first =
      marked !== undefined && row.address <= marked.start && marked.start < row.address + 16n;
    return (
      <>
        {address}
        {[0, 8].map((from) => (
          <span role="gridcell" key={from}>
            <span className={inside(from) ? 'memory-marked' : ''}>
              {wordsOf(row.bytes.subarray(from, from + 8), size).map((word, index) => (
                // A word's place in its row is its identity.
                // oxlint-disable-next-line react/no-array-index-key
                <span key={index} className={/^0+$/.test(word) ? 'memory-zero' : ''}>
                  {index > 0 && ' '}
                  {word}
                </span>
              ))}
            </span>
          </span>
        ))}
        <span role="gridcell" className={first ? 'text second' : 'muted'}>
          {first ? marked?.title : asciiOf(row.bytes)}
        </span>
      </>
    );
  }
  const missing = missingOf(row.page);
  const { glyph } = missingLook(missing.kind);
  const words = missingWords(missing);
  const text =
    row.kind === 'zeros'
      ? `${formatSize(row.rows * ROW_BYTES)}, all zero`
      : `${formatSize(row.length)} · ${words}`;
  return (
    <>
      {address}
      <span role="gridcell" className="memory-note text" title={row.page.note}>
        {glyph && <Glyph kind={glyph} />} {text}
      </span>
    </>
  );
}

/** The words of section "States" for what the engine says of a page. */
function missingOf(page: MemoryPage): Missing {
  switch (page.provenance) {
    case 'excluded':
      return { kind: 'excluded' };
    case 'failed':
      return { kind: 'damaged', codec: /(\w+) error/.exec(page.note)?.[1] ?? 'read' };
    case 'pending':
      return { kind: 'pending', read: 0, of: 4096 };
    case 'zero':
    case 'present':
      return { kind: 'zero' };
    case 'absent':
      return { kind: 'absent' };
  }
}
