import type { ReactNode } from 'react';
import { exactBytes, formatCount, formatSize } from '../../../core/format/size.ts';
import type { MapRegion } from '../../../core/protocol/contract-map.ts';
import { Rights } from '../../ui/Access.tsx';
import { Address } from '../../ui/Address.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';
import type { Column } from '../../ui/columns.ts';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { ABSENT } from '../../wording.ts';
import { targetText } from './words.ts';

const COLUMNS: readonly Column[] = [
  { id: 'from', title: 'From', width: 92, grow: 'rest' },
  { id: 'to', title: 'To', width: 92, grow: 'rest' },
  { id: 'mapped', title: 'Mapped', width: 84, end: true },
  { id: 'access', title: 'Access', width: 48 },
  { id: 'leadsTo', title: 'Leads to', width: 90, grow: 150 },
  { id: 'physical', title: 'Physical', width: 92, grow: 'rest' },
];

/** The regions in view in words: what the picture shows, for whoever does not look at it. */
export function RegionTable({
  regions,
  selected,
  onSelect,
  onOpen,
  onMenu,
}: {
  readonly regions: readonly MapRegion[];
  readonly selected: number;
  readonly onSelect: (region: MapRegion) => void;
  readonly onOpen: (region: MapRegion, beside: boolean) => void;
  readonly onMenu: (region: MapRegion, at: { readonly x: number; readonly y: number }) => void;
}): ReactNode {
  return (
    <div className="map-table">
      <VirtualRows
        label="Regions in view"
        role="grid"
        columns={COLUMNS}
        table="map"
        rowId={(index) => regions[index].from}
        count={regions.length}
        selected={selected}
        onSelect={(index) => onSelect(regions[index])}
        nameOf={(index) => regions[index]?.from}
        onOpen={(index, beside) => {
          if (regions[index]) onOpen(regions[index], beside);
        }}
        onMenu={(index, x, y) => onMenu(regions[index], { x, y })}
        render={(index) => <RegionCells region={regions[index]} />}
      />
    </div>
  );
}

function RegionCells({ region }: { readonly region: MapRegion }): ReactNode {
  return (
    <>
      <span role="gridcell">
        <Address value={region.from} />
      </span>
      <span role="gridcell">
        <Address value={region.to} />
      </span>
      <span
        role="gridcell"
        className="num"
        title={`${exactBytes(BigInt(region.mapped))} in ${formatCount(region.ranges)} ranges`}
      >
        {formatSize(BigInt(region.mapped))}
      </span>
      <span role="gridcell" className="map-rights">
        <Rights rights={region.rights} />
      </span>
      <span role="gridcell" className="text">
        {targetText(region)}
        {region.shared && (
          <>
            {' '}
            <Glyph kind="warning" name="also mapped by another domain" />
          </>
        )}
      </span>
      <span role="gridcell">
        {region.pa === undefined ? (
          <span className="muted">
            {region.ranges > 1 ? `${formatCount(region.ranges)} ranges` : ABSENT}
          </span>
        ) : (
          <TargetLink target={region.pa}>
            <Address value={region.pa} />
          </TargetLink>
        )}
      </span>
    </>
  );
}
