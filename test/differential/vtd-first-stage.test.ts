/**
 * Our walk in scalable mode against QEMU 10.0, which knows first-stage tables: random tables, sound
 * and damaged, and random requests. What the walk says (the address, or the fault reason) is what
 * the DMA of QEMU's edu device did, and its tables carry the accessed and dirty flags that the
 * request leaves.
 *
 * FAULTLINE_CASES sets the number of requests (default 1,000), FAULTLINE_SEED the first seed.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { QEMU10, qemuVersion } from './qtest/connection.ts';
import { QEMU10_DEVIATIONS } from './vtd-deviations-10.ts';
import { FLAG_DEVIATIONS } from './vtd-flags.ts';
import type { UnitUnderTest } from './vtd-run.ts';
import { Tally, runUnit } from './vtd-run.ts';

const CASES = Number(process.env.FAULTLINE_CASES ?? 1000);
const SEED = Number(process.env.FAULTLINE_SEED ?? 1);

const version = qemuVersion(QEMU10);
if (!version)
  console.log(
    'VT-d first stage against QEMU 10: skipped, QEMU of bookworm-backports is not in build/qemu-backports (.ci/run puts it there)',
  );

const SCALABLE = { width: 48, scalable: true, interruptRange: true } as const;
const FIRST_STAGE = { ...SCALABLE, stage: 'first' } as const;
const MACHINES: readonly (UnitUnderTest & { readonly share: number })[] = [
  { iommu: 'intel-iommu,x-scalable-mode=on,x-flts=on', ...FIRST_STAGE, device: 4, share: 5 },
  {
    iommu: 'intel-iommu,x-scalable-mode=on,x-flts=on,fs1gp=off',
    ...FIRST_STAGE,
    device: 20,
    share: 2,
  },
  {
    iommu: 'intel-iommu,x-scalable-mode=on,x-flts=on,pt=off',
    ...FIRST_STAGE,
    device: 8,
    share: 1,
  },
  {
    iommu: 'intel-iommu,x-scalable-mode=on,aw-bits=48',
    ...SCALABLE,
    stage: 'second',
    device: 20,
    share: 2,
  },
];
const SHARES = MACHINES.reduce((sum, { share }) => sum + share, 0);

const tally = new Tally();

describe.skipIf(!version)('VT-d scalable mode against QEMU 10', () => {
  test.each(MACHINES)('$iommu, requester on device $device', async (unit) => {
    const wanted = Math.ceil((CASES * unit.share) / SHARES);
    const run = await runUnit(unit, QEMU10, QEMU10_DEVIATIONS, tally, { wanted, seed: SEED });
    expect(run.judged).toBeGreaterThanOrEqual(wanted);
    expect(run.mismatches.slice(0, 5)).toEqual([]);
  });

  test('enough happened: pages reached, and refusals of many reasons', () => {
    expect(tally.outcomes.get('reached')).toBeGreaterThan(CASES / 5);
    const reasons = [...tally.outcomes.keys()].filter((name) => name.startsWith('reason'));
    expect(reasons.length).toBeGreaterThan(12);
  });

  afterAll(() => {
    if (version)
      console.log(tally.lines(version, [...QEMU10_DEVIATIONS, ...FLAG_DEVIATIONS]).join('\n'));
  });
});
