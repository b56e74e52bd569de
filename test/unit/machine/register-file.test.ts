import { describe, expect, test } from 'vitest';
import { field, layout, reserved } from '../../../core/bits/layout.ts';
import type { Field } from '../../../core/bits/layout.ts';
import { EventLog } from '../../../core/machine/events.ts';
import { RegisterFile } from '../../../core/machine/register-file.ts';

const define = (name: string, offset: number, width: number, fields: readonly Field[]) => ({
  name,
  title: name,
  offset,
  layout: layout(name, width, fields, { spec: 'test' }),
});

const MIXED = define('MIXED', 0x10, 32, [
  field('KEPT', 7, 0, 'Read-write', { access: 'RW' }),
  field('FIXED', 15, 8, 'Read-only', { access: 'RO' }),
  field('STICKY', 23, 16, 'Write 1 to clear', { access: 'RW1C' }),
  field('HIDDEN', 29, 24, 'Write-only', { access: 'WO' }),
  reserved(31, 30),
]);
const WIDE = define('WIDE', 0x18, 64, [field('ALL', 63, 0, 'Read-write', { access: 'RW' })]);
const NEXT = define('NEXT', 0x14, 32, [field('ALL', 31, 0, 'Read-write', { access: 'RW' })]);

function file(): { registers: RegisterFile; log: EventLog } {
  const log = new EventLog();
  return { registers: new RegisterFile([MIXED, WIDE, NEXT], log), log };
}

describe('registers behave as their layouts say', () => {
  test.each([
    ['read-write bits keep what is written', 0x0000_00a5n, 0x00ff_5aa5n],
    ['read-only bits stay', 0x0000_ff00n, 0x00ff_5a00n],
    ['write-1-to-clear bits are cleared by 1 and kept by 0', 0x000f_0000n, 0x00f0_5a00n],
    ['write-only bits read as zero', 0x3f00_0000n, 0x00ff_5a00n],
    ['reserved bits stay zero', 0xc000_0000n, 0x00ff_5a00n],
  ])('%s', (_what, written, expected) => {
    const { registers } = file();
    registers.set(MIXED, 0x00ff_5a00n);
    registers.write(0x10, 32, written);
    expect(registers.read(0x10, 32)).toEqual({ value: expected, source: 'simulated' });
  });

  test('hardware sees write-only bits', () => {
    const { registers } = file();
    registers.write(0x10, 32, 0x3f00_0000n);
    expect(registers.get(MIXED)).toBe(0x3f00_0000n);
  });

  test('a 64-bit register can be written by halves, each leaving the other alone', () => {
    const { registers } = file();
    registers.write(0x1c, 32, 0x1111_2222n);
    registers.write(0x18, 32, 0x3333_4444n);
    expect(registers.read(0x18, 64)?.value).toBe(0x1111_2222_3333_4444n);
    expect(registers.read(0x1c, 32)?.value).toBe(0x1111_2222n);
  });

  test('a 64-bit access covers two 32-bit registers', () => {
    const { registers } = file();
    registers.write(0x10, 64, 0x5555_6666_0000_0077n);
    expect(registers.read(0x14, 32)?.value).toBe(0x5555_6666n);
    expect(registers.read(0x10, 64)?.value).toBe(0x5555_6666_0000_0077n);
  });

  test('an action sees what software wrote, at its place in the register', () => {
    const { registers } = file();
    const seen: bigint[] = [];
    registers.onWrite(WIDE, (written) => seen.push(written));
    registers.write(0x1c, 32, 0x8000_0000n);
    registers.write(0x18, 64, 5n);
    registers.write(0x14, 32, 1n);
    expect(seen).toEqual([1n << 63n, 5n]);
  });

  test('where no register is, reads give zero and writes are ignored', () => {
    const { registers, log } = file();
    registers.write(0x100, 64, ~0n & 0xffff_ffff_ffff_ffffn);
    expect(registers.read(0x100, 64)?.value).toBe(0n);
    expect(log.since(0)).toMatchObject([{ kind: 'register write', register: 'reserved 0x100' }]);
  });

  test('an access that is not aligned is no access', () => {
    const { registers } = file();
    expect(registers.read(0x12, 32)).toBeUndefined();
    expect(registers.read(0x14, 64)).toBeUndefined();
    expect(() => registers.write(0x14, 64, 0n)).toThrow(RangeError);
  });
});
