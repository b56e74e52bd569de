/**
 * Dumps of kernels whose crash kernel goes on using the device table (Linux 6.18 and later): its
 * entries were changed after the crash and point into memory that the dump does not hold.
 */
import { describe, expect, test } from 'vitest';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import { OverlayMemory } from '../../../core/memory/overlay.ts';
import { openInvestigation } from '../../../core/session/open-investigation.ts';
import { fileSource, nodePlatform } from '../../../electron/host/platform.ts';
import { expandedPaths, MISSING_CAPTURE } from '../../support/captures.ts';
import { DEVICE_TABLE, dte, dteAddress, facts, host, ID, leavesOf, PageMemory } from './tables.ts';

const CRASH = { first: 0x4000_0000n, last: 0x4fff_ffffn };
const TABLE = 0x4100_0000;
const IRQS = 0x4200_0000;
const unitOf = (memory: PageMemory, ...entry: readonly bigint[]) =>
  amdUnit({ ...facts(), crashMemory: [CRASH] }, memory.put(dteAddress(ID), ...entry));
const outside = (): PageMemory => new PageMemory(Number(CRASH.first >> 12n));

describe('an entry that points into the crash kernel’s memory', () => {
  test.each([
    ['HostPageTableRoot', dte({ Mode: 3, HostPageTableRoot: TABLE >> 12, DomainID: 1 })],
    ['GCR3TableRoot', dte({ GV: 1, GIoV: 1, GCR3TableRoot: TABLE >> 12, DomainID: 1 })],
    ['IntTabRoot', dte({ IV: 1, IntCtl: 2, IntTabLen: 9, IntTabRoot: IRQS >> 6 })],
  ])('%s: it was changed after the crash, which is no damage', (field, entry) => {
    const [row] = unitOf(outside(), ...entry).devices().devices;
    expect(row.findings).toMatchObject([
      { severity: 'note', id: 'changed-by-crash-kernel', evidence: [{ field }] },
    ]);
  });

  test.each([
    ['not used', dte({ Mode: 0, HostPageTableRoot: TABLE >> 12, DomainID: 1 })],
    ['one page before it', dte({ Mode: 3, HostPageTableRoot: 0x3ffff, DomainID: 1 })],
    ['one page behind it', dte({ Mode: 3, HostPageTableRoot: 0x50000, DomainID: 1 })],
  ])('%s: nothing is said', (_, entry) => {
    expect(unitOf(new PageMemory(), ...entry).devices().devices[0].findings).toEqual([]);
  });

  test.each([
    ['first', 0x40000],
    ['last', 0x4ffff],
  ])('the %s page of that memory belongs to it', (_, HostPageTableRoot) => {
    const unit = unitOf(outside(), ...dte({ Mode: 3, HostPageTableRoot, DomainID: 1 }));
    expect(unit.devices().devices[0].findings).toHaveLength(1);
  });

  test('its tables are missing, with the reason, and are not called outside memory', () => {
    const unit = unitOf(
      outside(),
      ...dte({ Mode: 3, HostPageTableRoot: TABLE >> 12, DomainID: 1 }),
    );
    const { result } = leavesOf(unit);
    expect(result.findings).toEqual([]);
    expect(result.incomplete).toMatchObject([
      { address: BigInt(TABLE), text: expect.stringContaining('crash kernel’s own') as string },
    ]);
    const walk = unit.walk({ id: ID, pasid: undefined, address: 0x1000n, access: 'read' });
    expect(walk).toMatchObject({ result: 'unknown', why: 'absent' });
    expect(walk.steps.at(-1)?.text).toContain('crash kernel’s own');
  });

  test('so are its interrupt tables', () => {
    const unit = unitOf(
      outside(),
      ...dte({ IV: 1, IntCtl: 2, IntTabLen: 9, IntTabRoot: IRQS >> 6 }),
    );
    expect(unit.interrupts(false)[0].incomplete[0]).toMatchObject({
      text: expect.stringContaining('crash kernel’s own') as string,
    });
  });

  test('a pointer that leads nowhere else is damage as before', () => {
    const memory = outside().put(0x20000, host(0x6000_0000, 2));
    const unit = unitOf(memory, ...dte({ Mode: 3, HostPageTableRoot: 0x20, DomainID: 1 }));
    expect(leavesOf(unit).result.findings).toMatchObject([{ id: 'pointer-outside-memory' }]);
    expect(DEVICE_TABLE).toBeLessThan(0x20000);
  });
});

const dump = expandedPaths('amd-6.1', 'vmcore');
if (!dump) console.warn(`crash-kernel: a real dump is skipped, ${MISSING_CAPTURE}`);

test.skipIf(!dump)('the reservation of a real dump is known, and none of it is held', () => {
  const source = openInvestigation([fileSource(dump![0])], { platform: nodePlatform });
  const [unit] = source.units();
  if (unit.facts.vendor !== 'amd') throw new Error('no AMD-Vi unit');
  const reservation = source.kernel()!.crashReservation()!;
  expect(unit.facts.crashMemory).toEqual([{ first: reservation.start, last: reservation.end }]);
  const row = unit.devices().devices.find((each) => each.translation === 'v1')!;
  const changed = new OverlayMemory(source.memory!);
  const pointer = row.entry.words[0] & ~0x000f_ffff_ffff_f000n;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, pointer | reservation.start, true);
  changed.write(row.entry.address, bytes, 'HostPageTableRoot');
  const after = amdUnit(unit.facts, changed);
  const device = after.devices().devices.find((each) => each.id === row.id)!;
  expect(device.findings.map((each) => each.id)).toEqual(['changed-by-crash-kernel']);
  expect(row.findings).toEqual([]);
  source.close();
});
