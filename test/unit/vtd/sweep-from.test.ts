import { describe, expect, test } from 'vitest';
import { DEFAULT_BUDGET, type Device, type Unit } from '../../../core/iommu/unit.ts';
import { openInvestigation } from '../../../core/session/open-investigation.ts';
import { fileSource, nodePlatform } from '../../../electron/host/platform.ts';
import { CAPTURES, capturePath } from '../../support/captures.ts';

function framesOf(unit: Unit, device: Device, from?: number): number[] {
  const frames: number[] = [];
  unit.sweep(
    device,
    ({ count, iova }) => {
      for (let i = 0; i < count; i++) frames.push(iova[i]);
    },
    { ...DEFAULT_BUDGET, from },
  );
  return frames;
}

// Budget.from: leaves that end at or below it are passed over, whichever vendor's tables they are in.
describe.each(CAPTURES)('a sweep of %s goes on from any of its leaves', (name) => {
  const unit = openInvestigation([fileSource(capturePath(name, 'tables.before.elf'))], {
    platform: nodePlatform,
    registers: fileSource(capturePath(name, 'regs.before.json')),
  }).units()[0];
  test('with exactly what the whole sweep has from there', () => {
    let compared = 0;
    for (const device of unit.devices().devices.filter((each) => each.pageTable !== undefined)) {
      const all = framesOf(unit, device);
      for (let at = 0; at < all.length; at += 61, compared++)
        expect(framesOf(unit, device, all[at])).toEqual(all.slice(at));
    }
    expect(compared).toBeGreaterThan(0);
  });
});
