import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Kallsyms } from '../../../core/linux/kallsyms.ts';
import { FakeKernel } from '../../support/linux/fake-kernel.ts';
import {
  kallsymsImage,
  type FakeSymbol,
  type KallsymsImage,
  type TableOrder,
} from '../../support/linux/kallsyms-image.ts';

const ORDERS: readonly TableOrder[] = [
  'old',
  'old with sequences',
  'new',
  'place-relative',
  'absolute',
  'unsigned',
];
const TABLES = 0x1200000n;

/** A kernel's worth of symbols around those that a test looks for. */
function symbolsOf(kernel: FakeKernel, extra: readonly FakeSymbol[] = []): FakeSymbol[] {
  const filler = Array.from({ length: 700 }, (_, i) => ({
    type: 'tTdDrRbB'[i % 8],
    name: `symbol_number_${i}_of_a_kernel`,
    address: kernel.stext + BigInt(64 * (i + 1)),
  }));
  return [
    { type: 'A', name: 'fixed_percpu_data', address: 0n },
    { type: 'A', name: 'current_task', address: 0x1fbc0n },
    { type: 'T', name: '_text', address: kernel.stext },
    { type: 'T', name: '_stext', address: kernel.stext },
    ...filler,
    { type: 'D', name: 'dmar_drhd_units', address: kernel.stext + 0x1bbff40n },
    // 7.2 gives data symbols the letter of text.
    { type: 'T', name: 'amd_iommu_list', address: kernel.stext + 0x1bbfdf0n },
    { type: 'd', name: 'identity_domain', address: kernel.stext + 0x1c00000n },
    { type: 'd', name: 'identity_domain', address: kernel.stext + 0x1c00100n },
    ...extra,
  ];
}

function kernelWith(
  order: TableOrder,
  make: (kernel: FakeKernel) => FakeSymbol[] = symbolsOf,
): { kernel: FakeKernel; image: KallsymsImage; base: bigint } {
  const kernel = new FakeKernel();
  const base = kernel.stext + TABLES;
  const symbols = make(kernel).filter(
    // Absolute per-CPU values can't be written as an offset from the base.
    (symbol) => symbol.address > 0x100000n || !['unsigned', 'place-relative'].includes(order),
  );
  const image = kallsymsImage(symbols, order, base, kernel.stext);
  kernel.write(base, image.bytes);
  kernel.map(base & ~0x1fffffn, kernel.physical(base & ~0x1fffffn), 0x200000n, 1n << 63n);
  return { kernel, image, base };
}

/** VMCOREINFO lines as kernels since 6.0 write them; relative_base only where there is one. */
function tell(kernel: FakeKernel, image: KallsymsImage, base: bigint): void {
  for (const name of [
    'names',
    'num_syms',
    'token_table',
    'token_index',
    'offsets',
    'relative_base',
  ])
    if (image.at[name] !== undefined)
      kernel.symbol(`kallsyms_${name}`, base + BigInt(image.at[name]));
}

describe.each(ORDERS)('table order: %s', (order) => {
  test('found by search, addresses right, duplicates kept', () => {
    const { kernel } = kernelWith(order);
    const symbols = Kallsyms.open(kernel.virtual(), kernel.info())!;
    expect(symbols.address('dmar_drhd_units')).toBe(kernel.stext + 0x1bbff40n);
    expect(symbols.address('amd_iommu_list')).toBe(kernel.stext + 0x1bbfdf0n);
    expect(symbols.address('_stext')).toBe(kernel.stext);
    expect(symbols.addresses('identity_domain')).toEqual([
      kernel.stext + 0x1c00000n,
      kernel.stext + 0x1c00100n,
    ]);
    expect(symbols.address('no_such_symbol')).toBeUndefined();
  });

  // Kernels that tell the tables' places never had absolute addresses.
  if (order === 'absolute') return;
  test('found by VMCOREINFO, without a search', () => {
    const { kernel, image, base } = kernelWith(order);
    tell(kernel, image, base);
    const symbols = Kallsyms.open(kernel.virtual(), kernel.info(), ['dmar_drhd_units'])!;
    expect(symbols.address('dmar_drhd_units')).toBe(kernel.stext + 0x1bbff40n);
  });
});

describe('Kallsyms', () => {
  test('encodings are chosen by test, and told', () => {
    const told = ORDERS.map((order) => {
      const { kernel } = kernelWith(order);
      return Kallsyms.open(kernel.virtual(), kernel.info())!.encoding;
    });
    expect(told).toEqual(['signed', 'signed', 'signed', 'place-relative', 'absolute', 'unsigned']);
  });

  test('values that are no addresses (per-CPU) stay as they are', () => {
    const { kernel } = kernelWith('old');
    expect(Kallsyms.open(kernel.virtual(), kernel.info())!.address('current_task')).toBe(0x1fbc0n);
  });

  test.each(['old', 'new'] as const)(
    'a name of 128 and more tokens, length in one byte (old) or two: %s',
    (order) => {
      const long = 'x'.repeat(140);
      const { kernel } = kernelWith(order, (k) =>
        symbolsOf(k, [
          { type: 't', name: long, address: k.stext + 0x42n },
          { type: 't', name: 'after_it', address: k.stext + 0x43n },
        ]),
      );
      const symbols = Kallsyms.open(kernel.virtual(), kernel.info())!;
      expect(symbols.address(long)).toBe(kernel.stext + 0x42n);
      expect(symbols.address('after_it')).toBe(kernel.stext + 0x43n);
    },
  );

  test('runs of digits that are no token table are passed over', () => {
    const { kernel, base } = kernelWith('old');
    const digits = Uint8Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 0x30 + i / 2 : 0));
    for (let i = 1n; i < 8n; i++) kernel.write(base - i * 0x1003n, digits);
    expect(Kallsyms.open(kernel.virtual(), kernel.info())!.address('_stext')).toBe(kernel.stext);
  });

  test('a table whose _stext is not that of VMCOREINFO is not believed', () => {
    const { kernel } = kernelWith('new');
    kernel.symbol('_stext', kernel.stext + 0x40n);
    const memory = kernel.virtual();
    expect(Kallsyms.open(memory, kernel.info())).toBeUndefined();
    expect(memory.notes.incomplete[0].text).toContain('_stext');
  });

  test('with a page of names missing, names before it are found, and the rest is said to be missing', () => {
    const { kernel, image, base } = kernelWith('new');
    tell(kernel, image, base);
    const lost = (base + BigInt(image.at.names) + 0x1000n) & ~0xfffn;
    kernel.memory.lose(kernel.physical(lost));
    const memory = kernel.virtual();
    const symbols = Kallsyms.open(memory, kernel.info(), ['symbol_number_3_of_a_kernel'])!;
    expect(symbols.address('symbol_number_3_of_a_kernel')).toBe(kernel.stext + 256n);
    expect(symbols.address('dmar_drhd_units')).toBeUndefined();
    expect(memory.notes.incomplete.map((each) => each.address)).toContain(kernel.physical(lost));
    expect(memory.notes.incomplete.some((each) => /symbols.*can't be read/.test(each.text))).toBe(
      true,
    );
  });

  test('any set of names has the addresses that it was made with', () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_.]{0,30}$/);
    fc.assert(
      fc.property(
        fc.constantFrom(...ORDERS),
        fc.uniqueArray(name, { minLength: 260, maxLength: 300 }),
        (order, names) => {
          const made = (kernel: FakeKernel): FakeSymbol[] => [
            { type: 'T', name: '_stext', address: kernel.stext },
            ...names.map((each, i) => ({
              type: 't',
              name: each,
              address: kernel.stext + BigInt(16 * i + 16),
            })),
          ];
          const { kernel } = kernelWith(order, made);
          const symbols = Kallsyms.open(kernel.virtual(), kernel.info(), names.slice(0, 40))!;
          const all = made(kernel);
          for (const [i, each] of names.entries())
            if (i % 7 === 0 || i < 40)
              expect(symbols.addresses(each)).toContain(all[i + 1].address);
        },
      ),
      { numRuns: 30 },
    );
  });
});
