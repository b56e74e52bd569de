/**
 * Our walk against QEMU's VT-d unit: random tables, sound and damaged, and random requests. What
 * the walk says (the address, or the fault reason) is what the DMA of QEMU's edu device did.
 *
 * FAULTLINE_CASES sets the number of requests (default 1,400), FAULTLINE_SEED the first seed.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { QEMU, qemuVersion } from './qtest/connection.ts';
import { QEMU_DEVIATIONS } from './vtd-deviations.ts';
import type { UnitUnderTest } from './vtd-run.ts';
import { Tally, runUnit } from './vtd-run.ts';

const CASES = Number(process.env.FAULTLINE_CASES ?? 1400);
const SEED = Number(process.env.FAULTLINE_SEED ?? 1);

const version = qemuVersion();
if (!version) console.log('VT-d against QEMU: skipped, qemu-system-x86_64 is not installed');

const MACHINES: readonly (UnitUnderTest & { readonly share: number })[] = [
  {
    iommu: 'intel-iommu,aw-bits=39',
    width: 39,
    scalable: false,
    stage: 'second',
    device: 4,
    share: 3,
  },
  {
    iommu: 'intel-iommu,aw-bits=48',
    width: 48,
    scalable: false,
    stage: 'second',
    device: 4,
    share: 3,
  },
  {
    iommu: 'intel-iommu,aw-bits=48,device-iotlb=on,snoop-control=on',
    width: 48,
    scalable: false,
    stage: 'second',
    device: 20,
    share: 2,
  },
  {
    iommu: 'intel-iommu,aw-bits=39,pt=off',
    width: 39,
    scalable: false,
    stage: 'second',
    device: 20,
    share: 1,
  },
  {
    iommu: 'intel-iommu,aw-bits=48,x-scalable-mode=on',
    width: 48,
    scalable: true,
    stage: 'second',
    device: 4,
    share: 3,
  },
  {
    iommu: 'intel-iommu,aw-bits=39,x-scalable-mode=on',
    width: 39,
    scalable: true,
    stage: 'second',
    device: 20,
    share: 2,
  },
];
const SHARES = MACHINES.reduce((sum, { share }) => sum + share, 0);

const tally = new Tally();

describe.skipIf(!version)('VT-d walks against QEMU', () => {
  test.each(MACHINES)('$iommu, requester on device $device', async (unit) => {
    const wanted = Math.ceil((CASES * unit.share) / SHARES);
    const run = await runUnit(unit, QEMU, QEMU_DEVIATIONS, tally, { wanted, seed: SEED });
    expect(run.judged).toBeGreaterThanOrEqual(wanted);
    expect(run.mismatches.slice(0, 5)).toEqual([]);
  });

  test('enough happened: pages reached, and refusals of many reasons', () => {
    expect(tally.outcomes.get('reached')).toBeGreaterThan(CASES / 5);
    const reasons = [...tally.outcomes.keys()].filter((name) => name.startsWith('reason'));
    expect(reasons.length).toBeGreaterThan(12);
  });

  afterAll(() => {
    if (version) console.log(tally.lines(version, QEMU_DEVIATIONS).join('\n'));
  });
});
