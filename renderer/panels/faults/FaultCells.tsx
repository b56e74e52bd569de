import type { ReactNode } from 'react';
import type { FaultRow } from '../../../core/protocol/contract.ts';
import type { FaultItem } from '../../../core/protocol/schema.ts';
import { formatCount } from '../../../core/format/size.ts';
import { kernelName, seconds } from '../../format/time.ts';
import { Access, faultAccess } from '../../ui/Access.tsx';
import { Address } from '../../ui/Address.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import { ABSENT } from '../../wording.ts';
import { hexByte } from '../../../core/format/hex.ts';

/** Addresses of faults are shown in the width that most of them need. */
const FAULT_BITS = 32;

/** The cells of a group's row or a fault's. */
export function FaultCells({
  row,
  onToggle,
}: {
  readonly row: FaultRow;
  readonly onToggle: () => void;
}): ReactNode {
  return row.kind === 'group' ? (
    <GroupCells row={row} onToggle={onToggle} />
  ) : (
    <OneCells fault={row.fault} inGroup={row.inGroup} depth={row.depth} />
  );
}

function GroupCells({
  row,
  onToggle,
}: {
  readonly row: Extract<FaultRow, { kind: 'group' }>;
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
        {row.depth === 1 ? (
          <span className="second">{reasonCode(first)}</span>
        ) : (
          <>
            {first.bdf ?? ABSENT} {first.driver !== undefined && <Driver name={first.driver} />}
          </>
        )}
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
}: {
  readonly fault: FaultItem;
  readonly inGroup: boolean;
  readonly depth: number | undefined;
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
        {inGroup
          ? fault.time === undefined
            ? ABSENT
            : seconds(fault.time, 6)
          : (fault.bdf ?? ABSENT)}
      </span>
      <span role="gridcell" className="num muted">
        ×1
      </span>
      <span role="gridcell">{access && <Access kind={access} />}</span>
      <span role="gridcell">
        <Where fault={fault} />
      </span>
      <span role="gridcell" className="text">
        <Reason fault={fault} />
      </span>
      <span role="gridcell" className="text">
        {inGroup ? (
          <span className="muted">{fault.verdict?.title ?? ABSENT}</span>
        ) : (
          <Verdict fault={fault} />
        )}
      </span>
    </>
  );
}

function Where({ fault }: { readonly fault: FaultItem }): ReactNode {
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
