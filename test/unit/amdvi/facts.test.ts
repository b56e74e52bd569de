import { describe, expect, test } from 'vitest';
import { amdFacts } from '../../../core/amdvi/facts.ts';
import { AmdContext } from '../../../core/amdvi/context.ts';
import { RegisterWords, UNKNOWN_MMIO } from '../../../core/memory/mmio.ts';
import { facts, PageMemory } from './tables.ts';

const UNIT = { name: 'ivhd0', segment: 0, base: 0xfed80000n, from: 'file' } as const;

/** 64-bit registers as the 32-bit words of a register file. */
function registers(values: Readonly<Record<number, bigint>>, absentIsZero = true): RegisterWords {
  const words = new Map<number, number>();
  for (const [offset, value] of Object.entries(values)) {
    words.set(Number(offset), Number(value & 0xffffffffn));
    words.set(Number(offset) + 4, Number(value >> 32n));
  }
  return new RegisterWords(words, 'file', absentIsZero);
}

describe('facts from registers', () => {
  test('those of capture amd-6.1', () => {
    const mmio = registers({
      0x00: 0x11c2001n,
      0x08: 0x9000000011c4000n,
      0x10: 0x9000000011c6000n,
      0x18: 0x3f48fn,
      0x30: 0x29d3n,
      0x38: 0x900000024720000n,
      0x2000: 0xdc0n,
      0x2008: 0xdd0n,
    });
    expect(amdFacts(mmio, UNIT)).toEqual({
      vendor: 'amd',
      ...UNIT,
      registers: mmio,
      translationEnabled: true,
      extendedFeatures: 0x29d3n,
      control: 0x3f48fn,
      deviceTable: 0x11c2000n,
      capacity: 256,
      interruptFormat: 128,
      commandBuffer: { base: 0x11c4000n, length: 8192, descriptor: 16, head: 0xdc0, tail: 0xdd0 },
      eventLog: { base: 0x11c6000n, length: 8192, descriptor: 16, head: 0, tail: 0 },
      pprLog: { base: 0x24720000n, length: 8192, descriptor: 16, head: 0, tail: 0 },
      smeMask: 0n,
    });
  });

  test('what nobody read is not known', () => {
    expect(amdFacts(UNKNOWN_MMIO, UNIT)).toMatchObject({
      translationEnabled: undefined,
      control: undefined,
      deviceTable: undefined,
      capacity: undefined,
      interruptFormat: undefined,
      commandBuffer: undefined,
      eventLog: undefined,
    });
    expect(amdFacts(registers({ 0x18: 1n }, false), UNIT)).toMatchObject({
      translationEnabled: true,
      interruptFormat: 32,
      deviceTable: undefined,
    });
  });

  test.each([
    [0n, 128],
    [1n, 256],
    [0x1ffn, 65536],
  ])('Size %s of the device table stands for %i entries', (size, entries) => {
    expect(amdFacts(registers({ 0: 0x1000n | size }), UNIT).capacity).toBe(entries);
  });

  test('a base of zero, or a reserved length, is no table and no buffer', () => {
    const found = amdFacts(registers({ 0x08: 0x7000000011c4000n, 0x10: 0x900000000000000n }), UNIT);
    expect(found.deviceTable).toBeUndefined();
    expect(found.commandBuffer).toBeUndefined();
    expect(found.eventLog).toBeUndefined();
  });

  test('the longest buffer has 32,768 entries', () => {
    expect(amdFacts(registers({ 0x10: 0xf00000000010000n }), UNIT).eventLog?.length).toBe(524288);
  });
});

describe('the device table in segments (§2.2.2, CONTROL.DevTblSegEn)', () => {
  const words = new Map<number, number>();
  for (let segment = 1; segment < 8; segment++)
    words.set(0x100 + 8 * (segment - 1), (0x10000 * segment) | 0xff);

  test('one segment: the base register alone', () => {
    const context = new AmdContext(facts({ control: 1n, registers: words }), new PageMemory());
    expect(context.segments()).toEqual([{ firstId: 0, base: 0x1000n, entries: 256 }]);
    expect(context.dteAddress(255)?.address).toBe(0x1000n + 255n * 32n);
    expect(context.dteAddress(256)).toBeUndefined();
  });

  test('eight segments of 8,192 DeviceIDs each', () => {
    const control = 1n | (3n << 34n);
    const context = new AmdContext(facts({ control, registers: words }), new PageMemory());
    expect(context.segments()).toHaveLength(8);
    expect(context.segments()[7]).toEqual({ firstId: 0xe000, base: 0x70000n, entries: 8192 });
    expect(context.dteAddress(0x2005)).toEqual({ address: 0x100a0n, table: 0x10000n, index: 5 });
  });

  test('a segment register that nobody read leaves its devices unknown', () => {
    const context = new AmdContext(facts({ control: 1n | (1n << 34n) }), new PageMemory());
    expect(context.segments()).toHaveLength(1);
    expect(context.dteAddress(0x8000)).toBeUndefined();
  });
});
