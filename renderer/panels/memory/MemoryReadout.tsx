import type { ReactNode } from 'react';
import { hex } from '../../../core/format/hex.ts';
import { useCall } from '../../engine/useCall.ts';
import { Address } from '../../ui/Address.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';
import type { Overlay } from './overlay.ts';
import { entriesIn, tableAt } from './overlay.ts';
import type { HexRow } from './rows.ts';
import { ROW_BYTES } from './rows.ts';

/** Where a row is in physical memory, and what its entries mean: of the row under the pointer. */
export function MemoryReadout({
  row,
  overlay,
  mapped,
}: {
  readonly row: HexRow | undefined;
  readonly overlay: Overlay | undefined;
  /** The addresses shown are not physical ones. */
  readonly mapped: boolean;
}): ReactNode {
  const entries =
    overlay && row?.kind === 'bytes'
      ? entriesIn(overlay, row.physical, BigInt(row.bytes.length))
      : [];
  const said = useCall(
    'memory.entries',
    entries.length === 0 ? undefined : { paths: entries.slice(0, 16).map(({ path }) => path) },
  ).value?.entries;
  const table = overlay && row?.kind === 'bytes' ? tableAt(overlay, row.physical) : undefined;
  return (
    <p className="memory-readout">
      {mapped && row?.physical !== undefined && (
        <span>
          <span className="muted">physical </span>
          <TargetLink target={hex(row.physical)}>
            <Address value={hex(row.physical)} />
          </TargetLink>
        </span>
      )}
      {entries.map(({ name, path }) => (
        <span key={path} className="memory-entry">
          <TargetLink target={path}>{name}</TargetLink>{' '}
          <span className="muted">{textOf(said, path)}</span>
        </span>
      ))}
      {entries.length === 0 && <span className="muted">{idleText(row, table?.title)}</span>}
    </p>
  );
}

type Said = readonly { readonly path: string; readonly layout: string; readonly text: string }[];

function textOf(said: Said | undefined, path: string): string {
  const entry = said?.find((each) => each.path === path);
  return entry ? `${entry.layout}: ${entry.text}` : said ? 'no entry' : '';
}

function idleText(row: HexRow | undefined, table: string | undefined): string {
  if (table !== undefined) return `Part of an entry of ${ROW_BYTES} bytes and more: ${table}`;
  return row?.kind === 'bytes' || row?.kind === 'zeros' ? 'No table of a unit is known here' : '';
}
