import { describe, expect, test } from 'vitest';
import { valueOf } from '../../../core/bits/layout.ts';
import type { RegisterDefinition } from '../../../core/iommu/registers.ts';
import { EventLog } from '../../../core/machine/events.ts';
import { FaultRecording } from '../../../core/machine/faults.ts';
import { RegisterFile } from '../../../core/machine/register-file.ts';
import { FAULT_EVENT, faultRecordRegister, FSTS } from '../../../core/vtd/registers-faults.ts';
import { registerWords } from '../../../core/vtd/registers.ts';

const [FECTL, FEDATA, FEADDR] = FAULT_EVENT;
const PPF = 0x2n;
const PFO = 0x1n;
const F = 0x8000_0000n;

/** A unit's fault logging with two fault recording registers at 0x100. */
class Faults {
  readonly log = new EventLog();
  readonly records = [faultRecordRegister(0, 0x100), faultRecordRegister(1, 0x110)];
  readonly file = new RegisterFile([FSTS, ...FAULT_EVENT, ...this.records], this.log);
  readonly recording = new FaultRecording(this.file, this.records, this.log);

  from(id: number, access: 'read' | 'write' = 'write', reason = 5): this {
    this.recording.record({ id, address: 0xabcd_e123n, access, reason, name: 'test' });
    return this;
  }

  /** Clears a record as Linux does: its F bit, by a 32-bit write. */
  clear(index: number): this {
    this.file.write(0x10c + 16 * index, 32, F);
    return this;
  }

  write(register: RegisterDefinition, value: bigint): this {
    this.file.write(register.offset, 32, value);
    return this;
  }

  get status(): bigint {
    return this.file.read(FSTS.offset, 32)!.value;
  }

  get interrupts(): number {
    return this.log.since(0).filter((event) => event.kind === 'interrupt').length;
  }

  field(index: number, name: string): bigint {
    const record = this.records[index];
    return valueOf(record.layout, registerWords(this.file.get(record)), name);
  }
}

describe('primary fault logging (VT-d §7.2, §11.4.9)', () => {
  test('a record holds page, requester, reason and type', () => {
    const faults = new Faults().from(0x0200, 'read', 6);
    expect(faults.file.read(0x100, 64)?.value).toBe(0xabcd_e000n);
    expect(faults.field(0, 'SID')).toBe(0x0200n);
    expect(faults.field(0, 'FR')).toBe(6n);
    expect(faults.field(0, 'T1')).toBe(1n);
    expect(faults.field(0, 'F')).toBe(1n);
    expect(faults.status).toBe(PPF);
  });

  test.each<readonly [string, (faults: Faults) => void, bigint]>([
    ['the second fault does not move FRI', (f) => f.from(1).from(2), PPF],
    ['a fault of the same requester is collapsed', (f) => f.from(1).from(1).from(2), PPF],
    ['a third requester overflows two registers', (f) => f.from(1).from(2).from(3), PPF | PFO],
    ['PPF is no bit that software clears', (f) => f.from(1).write(FSTS, PPF), PPF],
    ['PFO is cleared by writing 1', (f) => f.from(1).from(2).from(3).write(FSTS, PFO), PPF],
    ['PFO is kept by writing 0', (f) => f.from(1).from(2).from(3).write(FSTS, 0n), PPF | PFO],
    ['one F bit of two leaves PPF', (f) => f.from(1).from(2).clear(0), PPF],
    ['the last F bit clears PPF', (f) => f.from(1).from(2).clear(0).clear(1), 0n],
    ['writing 0 to F clears nothing', (f) => f.from(1).file.write(0x10c, 32, 0n), PPF],
    ['the ring goes on behind the last record', (f) => f.from(1).clear(0).from(2), 0x102n],
    [
      'PFO outlives the records, and nothing is recorded until it is cleared',
      (f) => f.from(1).from(2).from(3).clear(0).clear(1).from(4),
      PFO,
    ],
    [
      'recording goes on once PFO is cleared',
      (f) => f.from(1).from(2).from(3).clear(0).clear(1).write(FSTS, PFO).from(4),
      PPF,
    ],
  ])('%s', (_what, act, status) => {
    const faults = new Faults();
    act(faults);
    expect(faults.status).toBe(status);
  });

  test('the fate of each fault is told', () => {
    const faults = new Faults().from(1).from(1).from(2).from(3);
    faults.recording.suppress({ id: 4, address: 0n, access: 'read', reason: 2, name: 'test' });
    const fates = faults.log
      .since(0)
      .flatMap((event) => (event.kind === 'fault' ? [[event.recorded, event.index]] : []));
    expect(fates).toEqual([
      ['recorded', 0],
      ['collapsed', 0],
      ['recorded', 1],
      ['overflow', undefined],
      ['suppressed', undefined],
    ]);
  });
});

describe('fault event interrupt (VT-d §7.3, §11.4.10)', () => {
  const IM = 0x8000_0000n;
  const IP = 0x4000_0000n;
  const control = (faults: Faults): bigint => faults.file.read(FECTL.offset, 32)!.value;

  test('it is masked after reset, and a fault is then held pending', () => {
    const faults = new Faults();
    expect(control(faults)).toBe(IM);
    faults.from(1);
    expect(control(faults)).toBe(IM | IP);
    expect(faults.interrupts).toBe(0);
  });

  test('unmasking sends the pending interrupt, once', () => {
    const faults = new Faults().from(1).write(FECTL, 0n).write(FECTL, 0n);
    expect(faults.interrupts).toBe(1);
    expect(control(faults)).toBe(0n);
  });

  test('unmasked, the first fault sends FEDATA to FEADDR; those behind it do not', () => {
    const faults = new Faults().write(FEADDR, 0xfee0_1004n).write(FEDATA, 0x21n).write(FECTL, 0n);
    faults.from(1).from(2).from(3);
    const sent = faults.log.since(0).filter((event) => event.kind === 'interrupt');
    expect(sent).toMatchObject([{ address: 0xfee0_1004n, data: 0x21 }]);
  });

  test('software that clears every status bit has served it', () => {
    const faults = new Faults().from(1).clear(0);
    expect(control(faults)).toBe(IM);
    faults.write(FECTL, 0n);
    expect(faults.interrupts).toBe(0);
  });

  test('IP is read-only', () => {
    const faults = new Faults().write(FECTL, IP);
    expect(control(faults)).toBe(0n);
    expect(faults.interrupts).toBe(0);
  });
});
