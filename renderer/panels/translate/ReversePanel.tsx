import type { ReactNode } from 'react';
import { useCallback, useMemo, useRef, useState } from 'react';
import { hex } from '../../../core/format/hex.ts';
import { exactBytes, formatCount, formatSize } from '../../../core/format/size.ts';
import type { ReverseItem } from '../../../core/protocol/contract-map.ts';
import { useStoppable } from '../../engine/useStoppable.ts';
import { attempt } from '../../shell/actions.ts';
import { openLeaf } from '../../shell/go.ts';
import { selectionItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { useChanged } from '../../state/useChanged.ts';
import { Rights } from '../../ui/Access.tsx';
import { Address } from '../../ui/Address.tsx';
import type { Column } from '../../ui/columns.ts';
import { nextSort, sortedBy } from '../../ui/columns.ts';
import { copyText } from '../../ui/clipboard.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import { MappingsJob } from '../../ui/MappingsJob.tsx';
import { Empty, Panel } from '../../ui/Panel.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { ABSENT, EMPTY, UNTRANSLATED, nobodyReaches } from '../../wording.ts';
import type { ReverseRange } from './reverse.ts';
import { rangeText, readReverse, reverseTable } from './reverse.ts';

/** Rows that are listed. */
const LISTED = 4096;
const COLUMNS: readonly Column[] = [
  { id: 'device', title: 'Device', width: 110, grow: 170, sorts: true },
  { id: 'pasid', title: 'PASID', width: 48 },
  { id: 'iova', title: 'IOVA', width: 92, grow: 'rest', sorts: true },
  { id: 'physical', title: 'Physical', width: 92, grow: 'rest', sorts: true },
  { id: 'access', title: 'Access', width: 46 },
  { id: 'size', title: 'Size', width: 56, grow: 72, end: true, sorts: true },
  { id: 'domain', title: 'Domain', width: 64, grow: 96, sorts: true },
];
/** What rows are sorted by, by the columns' ids. */
const SORT_KEYS: Readonly<
  Record<string, ((row: ReverseItem) => string | number | bigint | undefined) | undefined>
> = {
  device: ({ unit, bdf }) => `${unit} ${bdf}`,
  iova: ({ iova }) => BigInt(iova),
  physical: ({ pa }) => BigInt(pa),
  size: ({ size }) => BigInt(size),
  domain: ({ domain }) => domain,
};

/** Every device, PASID, address and access that reaches a physical address or range. */
export function ReversePanel({ ways }: { readonly ways: ReactNode }): ReactNode {
  const workbench = useWorkbench();
  const { reverse, selection, session, notices, menu, view } = workbench;
  const asked = useStore(reverse);
  const units = useStore(session.info, (info) => info?.units) ?? [];
  const simulated = units.filter(({ from }) => from === 'simulated').map(({ name }) => name);
  const captured = units.length > simulated.length;
  const [typed, setTyped] = useState(asked.address);
  const [unit, setUnit] = useState('');
  const [selected, setSelected] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  if (useChanged(asked.address)) {
    setTyped(asked.address);
    setSelected(-1);
  }

  const read = readReverse(asked.address);
  const range = read && 'range' in read ? read.range : undefined;
  const answer = useStoppable(
    'reverse',
    range && { ...range, unit: unit === '' ? undefined : unit, from: 0, to: LISTED },
  );
  const sort = useStore(view.state, ({ tables }) => tables['translate']?.sort);
  const sortBy = useCallback(
    (column: string) => {
      setSelected(-1);
      view.setSort('translate', nextSort(view.table('translate').sort, column));
    },
    [view],
  );
  const rows = useMemo(() => {
    const listed = answer.value?.rows ?? [];
    const key = sort && SORT_KEYS[sort.column];
    return key ? sortedBy(listed, key, sort.descending) : listed;
  }, [answer.value, sort]);
  const total = answer.value?.total ?? 0;
  const own = useMemo(
    () => ({
      'panel.filter': () => {
        input.current?.focus();
        input.current?.select();
      },
      'copy.value': () => {
        const row = rows.at(selected);
        if (selected >= 0 && row) void copyText(row.iova, notices);
      },
    }),
    [rows, selected, notices],
  );
  const publish = (index: number): void => {
    setSelected(index);
    const row = rows[index];
    if (row) selection.publish({ ...requestOf(row), physical: row.pa, from: 'translate' });
  };
  const open = (index: number, beside: boolean): void => {
    const row = rows[index];
    if (row)
      attempt(
        workbench,
        openLeaf(workbench, requestOf(row), { from: 'translate', focus: true, beside }),
      );
  };

  return (
    <Panel
      loading={answer.state === 'loading'}
      failure={answer.failure}
      retry={answer.retry}
      actions={own}
      table={
        answer.value &&
        range && {
          name: 'Reverse',
          forms: () => {
            const row = rows[selected];
            return row ? [{ title: 'IOVA', text: row.iova }] : [];
          },
          read: () => reverseTable(range, rows, total),
        }
      }
      partial={
        answer.value && answer.value.incomplete.length > 0 ? (
          <span title={answer.value.incomplete.join('\n')}>
            {formatCount(answer.value.incomplete.length)}{' '}
            {answer.value.incomplete.length === 1 ? 'table page' : 'table pages'} could not be read:
            there may be more ways. {answer.value.incomplete[0]}
          </span>
        ) : undefined
      }
      bar={
        <form
          className="translate-bar"
          onSubmit={(event) => {
            event.preventDefault();
            reverse.set({ on: true, address: typed.trim() });
          }}
        >
          {simulated.length > 0 && (
            <select
              className="field"
              aria-label="Memory"
              value={unit}
              onChange={(event) => setUnit(event.target.value)}
            >
              {captured && <option value="">captured memory</option>}
              {simulated.map((name) => (
                <option key={name} value={name}>
                  memory of {name}
                </option>
              ))}
            </select>
          )}
          <input
            ref={input}
            className="field translate-address"
            aria-label="Physical address or range"
            placeholder="0x13f2da000, 0xa000-0xbfff"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          {ways}
        </form>
      }
    >
      {read && 'problem' in read && (
        <p className="section is-error" role="alert">
          {read.problem}
        </p>
      )}
      <MappingsJob
        waiting={answer.state === 'loading'}
        stopped={answer.stopped}
        onStop={answer.stop}
        onContinue={answer.resume}
      />
      {asked.address === '' ? (
        <Empty text={EMPTY.reverse} action="panel.filter" button="Address" />
      ) : (
        answer.value &&
        range && (
          <>
            <Summary
              range={range}
              rows={rows}
              total={total}
              more={answer.value.more}
              partial={answer.value.incomplete.length > 0}
            />
            {rows.length > 0 && (
              <div className="reverse">
                <VirtualRows
                  label="Who can reach it"
                  role="grid"
                  columns={COLUMNS}
                  table="translate"
                  rowId={(index) => idOf(rows[index])}
                  sort={sort}
                  onSort={sortBy}
                  count={rows.length}
                  selected={selected}
                  onSelect={publish}
                  nameOf={(index) => rows[index] && `${rows[index].bdf} ${rows[index].iova}`}
                  onOpen={open}
                  onMenu={(index, x, y) => {
                    publish(index);
                    menu.set({ label: 'Mapping', at: { x, y }, items: selectionItems(workbench) });
                  }}
                  render={(index) => <ReverseCells row={rows[index]} />}
                />
              </div>
            )}
            {answer.value.notes.map((note) => (
              <p key={note} className="section muted">
                <Glyph kind="note" name="" /> {note}
              </p>
            ))}
          </>
        )
      )}
    </Panel>
  );
}

function idOf({ unit, bdf, pasid, iova, pa }: ReverseItem): string {
  return `${unit} ${bdf} ${pasid} ${iova} ${pa}`;
}

function requestOf(row: ReverseItem) {
  const { unit, bdf, pasid, iova } = row;
  const access = row.rights === 'w' ? ('write' as const) : ('read' as const);
  return { unit, bdf, pasid, iova, access };
}

function Summary({
  range,
  rows,
  total,
  more,
  partial,
}: {
  readonly range: ReverseRange;
  readonly rows: readonly ReverseItem[];
  readonly total: number;
  readonly more: boolean;
  /** Not all tables could be read. */
  readonly partial: boolean;
}): ReactNode {
  if (total === 0)
    return (
      <p className="reverse-sum" role="status">
        <Glyph kind={partial ? 'unknown' : 'ok'} /> {nobodyReaches(rangeText(range))}
      </p>
    );
  const devices = new Set(rows.map(({ unit, bdf }) => `${unit} ${bdf}`)).size;
  return (
    <p className="reverse-sum" role="status">
      {more && 'More than '}
      {formatCount(total)} {total === 1 ? 'way' : 'ways'} of {formatCount(devices)}{' '}
      {devices === 1 ? 'device' : 'devices'} to reach{' '}
      <TargetLink target={range.address}>{rangeText(range)}</TargetLink>
      {rows.length < total && `; the first ${formatCount(rows.length)} are listed`}
    </p>
  );
}

function ReverseCells({ row }: { readonly row: ReverseItem }): ReactNode {
  return (
    <>
      <span role="gridcell">
        {row.bdf}
        {row.driver !== undefined && <span className="muted"> {row.driver}</span>}
      </span>
      <span role="gridcell">{row.pasid ?? ABSENT}</span>
      <span role="gridcell" title={row.untranslated ? UNTRANSLATED : undefined}>
        <Address value={row.iova} />
        {row.untranslated && <span className="muted"> untranslated</span>}
      </span>
      <span role="gridcell">
        <Address value={row.pa} />
      </span>
      <span role="gridcell" className="accesses">
        <Rights rights={row.rights} />
      </span>
      <span role="gridcell" className="num" title={exactBytes(BigInt(row.size))}>
        {formatSize(BigInt(row.size))}
      </span>
      <span role="gridcell">
        <span className="muted">{row.unit}</span>{' '}
        {row.domain === undefined ? ABSENT : <span title={hex(row.domain)}>{row.domain}</span>}
      </span>
    </>
  );
}
