import type { ReactNode } from 'react';
import type { FaultGrouping, FaultRow } from '../../../core/protocol/contract.ts';
import type { FaultItem } from '../../../core/protocol/schema.ts';
import { formatCount } from '../../../core/format/size.ts';
import { kernelName, seconds } from '../../format/time.ts';
import { Access, faultAccess } from '../../ui/Access.tsx';
import { Address } from '../../ui/Address.tsx';
import { Bdf } from '../../ui/Bdf.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import { ABSENT } from '../../wording.ts';
import { hexByte } from '../../../core/format/hex.ts';

/** Columns of the list. */
const COLUMNS = 6;
/** Addresses of faults are shown in the width that most of them need. */
const FAULT_BITS = 32;

/** The cells of a group's row, of a fault's, or of one that stands for many faults. */
export function FaultCells({
  row,
  by,
  note,
  onToggle,
}: {
  readonly row: FaultRow;
  readonly by: FaultGrouping;
  /** The first line of a note that is pinned to the fault. */
  readonly note: string | undefined;
  readonly onToggle: () => void;
}): ReactNode {
  if (row.kind === 'more') return <MoreCells row={row} by={by} onToggle={onToggle} />;
  return row.kind === 'group' ? (
    <GroupCells row={row} by={by} note={note} onToggle={onToggle} />
  ) : (
    <OneCells
      fault={row.fault}
      inGroup={row.inGroup}
      depth={row.depth}
      sameVerdict={row.sameVerdict ?? false}
      mixed={by === 'reason' || by === 'page'}
      note={note}
    />
  );
}

type GroupRow = Extract<FaultRow, { kind: 'group' }>;

/** What the faults of a group have in common. */
function GroupName({
  row: { depth, first, devices },
  by,
}: {
  readonly row: GroupRow;
  readonly by: FaultGrouping;
}): ReactNode {
  if (depth === 1) return <span className="second">{reasonCode(first)}</span>;
  if (by === 'reason' || by === 'page')
    return (
      <>
        {by === 'reason' ? reasonCode(first) : <Where fault={first} page />}{' '}
        <span className="muted">
          {devices > 1 ? (
            `${formatCount(devices)} devices`
          ) : first.bdf === undefined ? null : (
            <Bdf bdf={first.bdf} />
          )}
        </span>
      </>
    );
  return (
    <>
      {first.bdf === undefined ? ABSENT : <Bdf bdf={first.bdf} />}{' '}
      {first.driver !== undefined && <Driver name={first.driver} />}
    </>
  );
}

/** The faults of a group that share a row: how many, and what they differ in. */
function MoreCells({
  row: { count, pages, depth, first },
  by,
  onToggle,
}: {
  readonly row: Extract<FaultRow, { kind: 'more' }>;
  readonly by: FaultGrouping;
  readonly onToggle: () => void;
}): ReactNode {
  // Where devices have several reasons, each of them is a group of its own.
  const alike = by === 'device-reason' || by === 'reason' ? ' and reason' : '';
  const where =
    pages > 1 ? `, ${formatCount(pages)} pages` : pages === 1 ? `, same page${alike}` : '';
  return (
    <span
      role="gridcell"
      aria-colspan={COLUMNS}
      className={`faults-more text muted ${depth === 2 ? 'in-group in-inner' : 'in-group'}`}
      title={`From #${first.n} on`}
    >
      {formatCount(count)} more{where} ·{' '}
      <span
        className="link"
        onMouseDown={(event) => {
          event.stopPropagation();
          onToggle();
        }}
      >
        show all
      </span>
    </span>
  );
}

function GroupCells({
  row,
  by,
  note,
  onToggle,
}: {
  readonly row: GroupRow;
  readonly by: FaultGrouping;
  readonly note: string | undefined;
  readonly onToggle: () => void;
}): ReactNode {
  const { first } = row;
  return (
    <>
      <span role="gridcell" className={row.depth === 1 ? 'in-group' : ''}>
        <span
          className="fold"
          aria-hidden="true"
          onMouseDown={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        >
          {row.expanded ? '▾' : '▸'}
        </span>
        <GroupName row={row} by={by} />
        {note !== undefined && <NoteMark note={note} />}
      </span>
      <span role="gridcell" className="num">
        {formatCount(row.count)}
      </span>
      <span role="gridcell" className="accesses">
        {row.accesses.map((access) => (
          <Access key={access} kind={access} />
        ))}
      </span>
      <span role="gridcell">
        {row.pages > 1 ? (
          <span className="text">{formatCount(row.pages)} pages</span>
        ) : (
          <Where fault={first} />
        )}
      </span>
      <span role="gridcell" className="text">
        {row.reasons === undefined ? (
          <Reason fault={first} />
        ) : (
          <span className="second">{formatCount(row.reasons)} reasons</span>
        )}
      </span>
      <span role="gridcell" className="text">
        <Verdict fault={first} />
      </span>
    </>
  );
}

function OneCells({
  fault,
  inGroup,
  depth,
  sameVerdict,
  mixed,
  note,
}: {
  readonly fault: FaultItem;
  readonly inGroup: boolean;
  readonly depth: number | undefined;
  readonly sameVerdict: boolean;
  /** Its group may hold faults of several devices. */
  readonly mixed: boolean;
  readonly note: string | undefined;
}): ReactNode {
  const access = faultAccess(fault);
  return (
    <>
      <span
        role="gridcell"
        className={inGroup ? (depth === 2 ? 'in-group in-inner' : 'in-group') : ''}
        title={
          fault.time === undefined
            ? undefined
            : `${seconds(fault.time, 6)} s, ${kernelName(fault.kernel)}`
        }
      >
        <span className="muted">#{fault.n}</span>{' '}
        {inGroup ? (
          fault.time === undefined ? (
            ABSENT
          ) : (
            seconds(fault.time, 6)
          )
        ) : fault.bdf === undefined ? (
          ABSENT
        ) : (
          <Bdf bdf={fault.bdf} />
        )}
        {note !== undefined && <NoteMark note={note} />}
      </span>
      <span role="gridcell" className="num muted">
        ×1
      </span>
      <span role="gridcell">{access && <Access kind={access} />}</span>
      <span role="gridcell">
        <Where fault={fault} />
      </span>
      <span role="gridcell" className="text">
        {inGroup ? <Whose fault={fault} named={mixed} /> : <Reason fault={fault} />}
      </span>
      <span role="gridcell" className="text">
        {inGroup && sameVerdict ? (
          <span className="muted" title={fault.verdict?.title}>
            same as group
          </span>
        ) : (
          <Verdict fault={fault} />
        )}
      </span>
    </>
  );
}

function Where({
  fault,
  page = false,
}: {
  readonly fault: FaultItem;
  /** Its 4 KiB page instead. */
  readonly page?: boolean;
}): ReactNode {
  if (fault.address !== undefined && page)
    return <Address value={fault.address.replace(/[0-9a-f]{3}$/, '000')} bits={FAULT_BITS} />;
  if (fault.address !== undefined) return <Address value={fault.address} bits={FAULT_BITS} />;
  if (fault.index !== undefined) return <>index {fault.index}</>;
  return <>{ABSENT}</>;
}

/** `0x06`, or the event's name. */
function reasonCode({ reason, event }: FaultItem): string {
  return reason === undefined ? (event ?? ABSENT) : hexByte(reason);
}

function Reason({ fault }: { readonly fault: FaultItem }): ReactNode {
  return (
    <>
      <span className="mono">{reasonCode(fault)}</span>{' '}
      <span className="second" title={fault.reasonName}>
        {fault.reasonName}
      </span>
    </>
  );
}

/** Of a fault in a group the reason is told above it: here is which unit, and whose request. */
function Whose({
  fault,
  named,
}: {
  readonly fault: FaultItem;
  /** The device is named too. */
  readonly named: boolean;
}): ReactNode {
  const { bdf, unit, pasid } = fault;
  return (
    <span title={fault.reasonName}>
      <span className="mono">{reasonCode(fault)}</span>{' '}
      <span className="muted mono">
        {[named ? bdf : undefined, unit, pasid === undefined ? 'no PASID' : `PASID ${pasid}`]
          .filter((part) => part !== undefined)
          .join(' · ')}
      </span>
    </span>
  );
}

/** A note is pinned to this fault. */
function NoteMark({ note }: { readonly note: string }): ReactNode {
  return (
    <span className="note-mark" role="img" aria-label={`note: ${note}`} title={note}>
      ✎
    </span>
  );
}

function Verdict({ fault }: { readonly fault: FaultItem }): ReactNode {
  if (!fault.verdict) return <span className="muted">{ABSENT}</span>;
  return (
    <>
      <Glyph kind={fault.verdict.severity} /> {fault.verdict.title}
    </>
  );
}

function Driver({ name }: { readonly name: string }): ReactNode {
  return <span className="muted">{name}</span>;
}
