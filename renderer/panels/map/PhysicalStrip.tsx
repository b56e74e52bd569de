import type { ReactNode } from 'react';
import { useCallback } from 'react';
import { hex } from '../../../core/format/hex.ts';
import type { PhysicalItem } from '../../../core/protocol/contract-map.ts';
import { addressItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import { physicalHover, type Hover } from './hover.ts';
import { paintPhysical, paintTicks } from './paint.ts';
import { Plot } from './Plot.tsx';
import type { Sheet } from '../../ui/sheet.ts';
import type { Span } from './span.ts';
import { addressAt } from './span.ts';
import { rangeText } from './words.ts';

const PHYSICAL = { names: 18, strip: 20, ticks: 18 } as const;
export const PHYSICAL_HEIGHT = PHYSICAL.names + PHYSICAL.strip + PHYSICAL.ticks;

/** What stands in the physical address space, over the same addresses as the devices' strips. */
export function PhysicalStrip({
  regions,
  complete,
  span,
  width,
  onHover,
}: {
  readonly regions: readonly PhysicalItem[];
  readonly complete: boolean;
  readonly span: Span;
  readonly width: number;
  readonly onHover: (hover: Hover | undefined) => void;
}): ReactNode {
  const workbench = useWorkbench();
  const paint = useCallback(
    (sheet: Sheet) => paintPhysicalStrip(sheet, { x: 0, y: 0, width }, span, regions),
    [regions, span, width],
  );
  const at = (x: number): bigint => addressAt(x, span, width);
  return (
    <div className="map-physical">
      <div className="map-label">
        Physical
        {!complete && (
          <small className="muted" title="No kernel and no /proc/iomem told what is memory">
            {' '}
            as held
          </small>
        )}
      </div>
      <Plot
        width={width}
        height={PHYSICAL_HEIGHT}
        label={`Physical addresses: ${physicalSummary(regions)}`}
        paint={paint}
        onHover={(x) =>
          onHover(x === undefined ? undefined : physicalHover(ownerOf(regions, at(x)), at(x)))
        }
        onPick={({ x }) =>
          workbench.selection.publish({
            physical: hex(at(x) & ~0xfffn),
            from: 'map',
          })
        }
        onMenu={(point) =>
          workbench.menu.set({
            label: 'Physical address',
            at: point.at,
            items: addressItems(workbench, hex(at(point.x) & ~0xfffn)),
          })
        }
      />
    </div>
  );
}

/** The strip with names above and addresses below. */
export function paintPhysicalStrip(
  sheet: Sheet,
  place: { readonly x: number; readonly y: number; readonly width: number },
  span: Span,
  regions: readonly PhysicalItem[],
): void {
  const box = { ...place, y: place.y + PHYSICAL.names, height: PHYSICAL.strip };
  paintPhysical(sheet, box, span, regions);
  paintTicks(sheet, { ...box, y: box.y + PHYSICAL.strip }, span);
}

/** The narrowest region at an address. */
function ownerOf(regions: readonly PhysicalItem[], address: bigint): PhysicalItem | undefined {
  return regions
    .filter(({ from, to }) => BigInt(from) <= address && address <= BigInt(to))
    .sort((a, b) => b.depth - a.depth)[0];
}

function physicalSummary(regions: readonly PhysicalItem[]): string {
  const crash = regions.find(({ kind }) => kind === 'crash-kernel');
  const memory = regions.filter(({ kind, depth }) => kind === 'memory' && depth === 0).length;
  return `${memory} ranges of memory${crash ? `, crash kernel at ${rangeText(crash)}` : ''}`;
}
