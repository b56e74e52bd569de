/** Registers: where they stand, what they say, and the facts that they give. */
import { describe, expect, test } from 'vitest';
import { addressOf, decode, valueOf } from '../../../core/bits/layout.ts';
import { RegisterWords, UNKNOWN_MMIO } from '../../../core/memory/mmio.ts';
import { capabilitiesOf } from '../../../core/vtd/capabilities.ts';
import { intelFactsFromRegisters, translationMode } from '../../../core/vtd/facts.ts';
import { CAP, ECAP, GSTS, RTADDR } from '../../../core/vtd/registers-global.ts';
import { IRTA } from '../../../core/vtd/registers-queues.ts';
import {
  FIXED_REGISTERS,
  faultRecordRegisters,
  intelRegisters,
  invalidationRegisters,
  readRegisters,
  registerWords,
} from '../../../core/vtd/registers.ts';
import { captureJson } from '../../support/captures.ts';

/** CAP and ECAP of the capture intel-6.1: QEMU with 39 bits. */
const QEMU_CAP = 0xd2_008c_2226_0206n;
const QEMU_ECAP = 0xf0_0f4an;

const words = (values: Readonly<Record<number, number>>): RegisterWords =>
  new RegisterWords(
    new Map(Object.entries(values).map(([offset, value]) => [Number(offset), value])),
    'file',
    true,
  );

describe('offsets', () => {
  test.each([
    ['VER', 0x00],
    ['CAP', 0x08],
    ['ECAP', 0x10],
    ['GCMD', 0x18],
    ['GSTS', 0x1c],
    ['RTADDR', 0x20],
    ['CCMD', 0x28],
    ['FSTS', 0x34],
    ['FECTL', 0x38],
    ['FEDATA', 0x3c],
    ['FEADDR', 0x40],
    ['FEUADDR', 0x44],
    ['AFLOG', 0x58],
    ['PMEN', 0x64],
    ['PLMBASE', 0x68],
    ['PLMLIMIT', 0x6c],
    ['PHMBASE', 0x70],
    ['PHMLIMIT', 0x78],
    ['IQH', 0x80],
    ['IQT', 0x88],
    ['IQA', 0x90],
    ['ICS', 0x9c],
    ['IECTL', 0xa0],
    ['IEDATA', 0xa4],
    ['IEADDR', 0xa8],
    ['IEUADDR', 0xac],
    ['IQERCD', 0xb0],
    ['IRTA', 0xb8],
    ['PQH', 0xc0],
    ['PQT', 0xc8],
    ['PQA', 0xd0],
    ['PRS', 0xdc],
    ['PECTL', 0xe0],
    ['PEDATA', 0xe4],
    ['PEADDR', 0xe8],
    ['PEUADDR', 0xec],
    ['MTRRCAP', 0x100],
    ['MTRRDEF', 0x108],
    ['MTRR_FIX64K_00000', 0x120],
    ['MTRR_FIX4K_F8000', 0x170],
    ['MTRR_PHYSBASE0', 0x180],
    ['MTRR_PHYSMASK9', 0x218],
    ['PERFCAP', 0x300],
    ['PERFINTRCTL', 0x328],
    ['ECMD', 0x400],
    ['ECEO', 0x408],
    ['ECRSP', 0x410],
    ['ECCAP0', 0x430],
    ['ECCAP3', 0x448],
    ['VCMD', 0xe00],
    ['VCRSP', 0xe10],
    ['VCCAP', 0xe30],
  ])('%s stands at %d', (name, offset) => {
    expect(FIXED_REGISTERS.find((register) => register.name === name)?.offset).toBe(offset);
  });

  test('no two fixed registers overlap, and each is named once', () => {
    const sorted = [...FIXED_REGISTERS].sort((a, b) => a.offset - b.offset);
    sorted.slice(1).forEach((register, at) => {
      expect(register.offset).toBeGreaterThanOrEqual(
        sorted[at].offset + sorted[at].layout.width / 8,
      );
    });
    expect(new Set(sorted.map(({ name }) => name)).size).toBe(sorted.length);
  });

  test('IVA and IOTLB stand where ECAP.IRO says', () => {
    expect(invalidationRegisters(QEMU_ECAP).map(({ name, offset }) => [name, offset])).toEqual([
      ['IVA', 0xf0],
      ['IOTLB', 0xf8],
    ]);
  });

  test('fault recording registers stand where CAP.FRO says, as many as NFR says', () => {
    expect(faultRecordRegisters(QEMU_CAP).map(({ offset }) => offset)).toEqual([0x220]);
    const eight = (QEMU_CAP & ~(0xffn << 40n)) | (7n << 40n);
    expect(faultRecordRegisters(eight).map(({ offset }) => offset)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((index) => 0x220 + 16 * index),
    );
  });

  test('performance counters stand where their capability and offsets say', () => {
    const mmio = words({
      0x008: Number(QEMU_CAP & 0xffff_ffffn),
      0x300: 2 | (48 << 16) | (1 << 24),
      0x304: 0x0000_0000,
      0x310: 0x1000,
      0x318: 0x1800,
      0x31c: 0x2000,
    });
    const performance = intelRegisters(mmio)
      .filter(({ name }) => /^PERF(CNTRCFG|CNTR|FRZSTS|OVFSTS|EVNTCAP)\d+$/.test(name))
      .map(({ name, offset }) => [name, offset]);
    expect(performance).toEqual([
      ['PERFEVNTCAP0', 0x380],
      ['PERFCNTRCFG0', 0x1000],
      ['PERFCNTRCFG1', 0x1100],
      ['PERFOVFSTS0', 0x1800],
      ['PERFCNTR0', 0x2000],
      ['PERFCNTR1', 0x2400],
    ]);
  });

  test('where nothing was read, the fixed registers remain, without values', () => {
    const values = readRegisters(UNKNOWN_MMIO);
    expect(values.length).toBe(FIXED_REGISTERS.length);
    expect(values.every(({ reading }) => reading === undefined)).toBe(true);
  });
});

describe('values', () => {
  const fields = (value: bigint, of: typeof CAP): Record<string, bigint> =>
    Object.fromEntries(
      decode(of.layout, [value])
        .filter(({ value: field }) => field !== 0n)
        .map(({ field, value: field_ }) => [field.name, field_]),
    );

  test('CAP of the capture intel-6.1', () => {
    expect(fields(QEMU_CAP, CAP)).toEqual({
      ND: 6n,
      SAGAW: 2n,
      MGAW: 38n,
      FRO: 0x22n,
      SSLPS: 3n,
      PSI: 1n,
      MAMV: 18n,
      DWD: 1n,
      DRD: 1n,
    });
  });

  test('ECAP of the capture intel-6.1', () => {
    expect(fields(QEMU_ECAP, ECAP)).toEqual({ QI: 1n, IR: 1n, PT: 1n, IRO: 0xfn, MHMV: 15n });
  });

  test('GSTS of the capture intel-6.1', () => {
    expect(fields(0xc700_0000n, GSTS)).toEqual({
      IRTPS: 1n,
      IRES: 1n,
      QIES: 1n,
      RTPS: 1n,
      TES: 1n,
    });
  });

  test('RTADDR of the capture intel-6.12-sm: scalable mode in bits 11:10', () => {
    expect(valueOf(RTADDR.layout, [0x1c2_e400n], 'TTM')).toBe(1n);
    expect(addressOf(RTADDR.layout, [0x1c2_e400n], 'RTA')).toBe(0x1c2_e000n);
  });

  test.each([
    [0x1000n, 'legacy'],
    [0x1400n, 'scalable'],
    [0x1800n, undefined],
    [0x1c00n, 'abort'],
  ])('RTADDR %d selects %s', (value, mode) => {
    expect(translationMode(value)).toBe(mode);
  });

  test('IRTA: 2^(S + 1) entries', () => {
    expect(valueOf(IRTA.layout, [0x120_000fn], 'S')).toBe(15n);
    expect(addressOf(IRTA.layout, [0x120_000fn], 'IRTA')).toBe(0x120_0000n);
  });
});

describe('facts from registers', () => {
  const identity = { name: 'dmar0', segment: 0, base: 0xfed9_0000n };

  test('a register file gives all of them', () => {
    const { units } = captureJson<{
      units: { registers: Record<string, string> }[];
    }>('intel-6.1', 'regs.before.json');
    const mmio = words(
      Object.fromEntries(
        Object.entries(units[0].registers).map(([offset, value]) => [offset, Number(value)]),
      ),
    );
    expect(intelFactsFromRegisters(mmio, identity)).toEqual({
      vendor: 'intel',
      ...identity,
      from: 'file',
      registers: mmio,
      translationEnabled: true,
      cap: QEMU_CAP,
      ecap: QEMU_ECAP,
      rootTable: 0x25d_1000n,
      mode: 'legacy',
      hostAddressWidth: undefined,
      interrupts: { table: 0x120_0000n, capacity: 65536, extended: false },
      queue: { base: 0x11b_6000n, length: 4096, descriptor: 16, head: 0x240, tail: 0x240 },
    });
  });

  test('an unread register leaves its fact undefined', () => {
    expect(intelFactsFromRegisters(UNKNOWN_MMIO, identity)).toEqual({
      vendor: 'intel',
      ...identity,
      from: 'none',
      registers: UNKNOWN_MMIO,
      translationEnabled: undefined,
      cap: undefined,
      ecap: undefined,
      rootTable: undefined,
      mode: undefined,
      hostAddressWidth: undefined,
      interrupts: undefined,
      queue: undefined,
    });
  });

  test('a 256-bit queue of two pages', () => {
    const mmio = words({ 0x90: 0x11b_6801, 0x80: 0xf00, 0x88: 0xf20 });
    expect(intelFactsFromRegisters(mmio, identity).queue).toEqual({
      base: 0x11b_6000n,
      length: 8192,
      descriptor: 32,
      head: 0xf00,
      tail: 0xf20,
    });
  });

  test('a root table at address 0 is none', () => {
    expect(intelFactsFromRegisters(words({}), identity).rootTable).toBeUndefined();
  });
});

describe('fault recording registers', () => {
  /** Fields of the first one, which stands as one register of 128 bits where CAP.FRO says. */
  function firstRecord(low: bigint, high: bigint): Record<string, bigint> {
    const mmio = words({
      0x008: Number(QEMU_CAP & 0xffff_ffffn),
      0x00c: Number(QEMU_CAP >> 32n),
      0x220: Number(low & 0xffff_ffffn),
      0x224: Number(low >> 32n),
      0x228: Number(high & 0xffff_ffffn),
      0x22c: Number(high >> 32n),
    });
    const record = readRegisters(mmio).find(({ definition }) => definition.name === 'FRCD0')!;
    const fields = decode(record.definition.layout, registerWords(record.reading!.value));
    return Object.fromEntries(fields.map(({ field, value }) => [field.name, value]));
  }

  test.each([
    [
      'of the capture intel-6.1, whose handler cleared F',
      0x0dea_f000n,
      0x00ff_ff05_0000_0030n,
      { F: 0n, T1: 0n, FR: 5n, SID: 0x30n, FI: 0xdeafn, PP: 0n },
    ],
    [
      'of an interrupt: the index in bits 63:48',
      0x002a_0000_0000_0000n,
      0x8000_0022_0000_f0ffn,
      { F: 1n, FR: 0x22n, SID: 0xf0ffn, FI: 42n << 36n },
    ],
    ['of a read', 0n, 0xc000_0006_0000_0030n, { F: 1n, T1: 1n, FR: 6n, SID: 0x30n }],
  ])('%s', (_, low, high, fields) => {
    expect(firstRecord(low, high)).toMatchObject(fields);
  });

  test('without CAP, nobody knows where they are', () => {
    const names = readRegisters(UNKNOWN_MMIO).map(({ definition }) => definition.name);
    expect(names.length).toBeGreaterThan(0);
    expect(names).not.toContain('FRCD0');
  });
});

describe('capabilities', () => {
  const facts = {
    ...intelFactsFromRegisters(UNKNOWN_MMIO, { name: 'dmar0', segment: 0, base: 0n }),
  };

  test('what CAP and ECAP do not say restricts nothing', () => {
    const unknown = capabilitiesOf(facts);
    expect(unknown).toMatchObject({
      guestAddressWidth: undefined,
      hostAddressWidth: 52,
      domainBits: 16,
      snoopControl: true,
      passThrough: true,
      deviceTlb: true,
      nested: true,
    });
    expect([2, 3, 4, 5, 6].map(unknown.levels)).toEqual([false, true, true, true, false]);
  });

  test('QEMU with 39 bits: 3 levels, both large pages, no snoop control', () => {
    const qemu = capabilitiesOf({ ...facts, cap: QEMU_CAP, ecap: QEMU_ECAP });
    expect(qemu).toMatchObject({
      guestAddressWidth: 39,
      domainBits: 16,
      snoopControl: false,
      passThrough: true,
      deviceTlb: false,
      scalable: false,
      firstStage: false,
    });
    expect([3, 4, 5].map(qemu.levels)).toEqual([true, false, false]);
    expect([1, 2, 3, 4].map(qemu.secondStagePage)).toEqual([true, true, true, false]);
    expect(qemu.firstStagePage(3)).toBe(false);
  });
});
