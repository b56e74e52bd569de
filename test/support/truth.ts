import { expect } from 'vitest';

/** A truth file: what the small separate walker of the captures found. */
export interface Truth {
  readonly units: readonly TruthUnit[];
  readonly missingPages: readonly string[];
}

interface TruthUnit {
  readonly base: string;
  readonly vendor: 'intel' | 'amd';
  readonly devices: readonly Readonly<Record<string, unknown>>[];
  readonly interrupts?: {
    readonly table?: string;
    readonly capacity?: number;
    readonly extended?: boolean;
    readonly entries?: readonly Readonly<Record<string, unknown>>[];
    readonly format?: number;
    readonly tables?: readonly {
      readonly table: string;
      readonly capacity: number;
      readonly entries: readonly Readonly<Record<string, unknown>>[];
    }[];
  };
  readonly [field: string]: unknown;
}

type Row = Readonly<Record<string, unknown>>;
interface Answer {
  readonly units: readonly (Row & { readonly devices: readonly Row[] })[];
  readonly incomplete: readonly { readonly address: string | null }[];
}

export interface TruthOptions {
  /** A vmcore: no registers, so what only they tell is not compared. */
  readonly fromKernel?: boolean;
  /** A format in which holes read as zero: table pages and missing pages are not compared. */
  readonly holesAreZero?: boolean;
}

/** Unit fields of the truth that a dump's kernel can tell, and those that only registers tell. */
const UNIT_FIELDS = [
  'base',
  'vendor',
  'rootTable',
  'mode',
  'cap',
  'ecap',
  'deviceTable',
  'translationEnabled',
];
const REGISTER_FIELDS = ['capacity', 'control', 'extendedFeatures'];
/** Row fields of the truth that are not the contract's. */
const NOT_IN_ROWS = new Set(['first']);

/** Compares a `tables --leaves --json` answer with the truth, in every field that both have. */
export function expectTruth(answer: Answer, truth: Truth, options: TruthOptions = {}): void {
  expect(answer.units).toHaveLength(truth.units.length);
  for (const [index, expected] of truth.units.entries()) {
    const unit = answer.units[index];
    // AMD-Vi's control register has no copy in kernel memory.
    const known = UNIT_FIELDS.filter(
      (field) =>
        field !== 'translationEnabled' || expected.vendor === 'intel' || !options.fromKernel,
    );
    const fields = options.fromKernel ? known : [...known, ...REGISTER_FIELDS];
    for (const field of fields)
      if (field in expected) expect(unit[field], field).toEqual(expected[field]);
    expectRows(unit.devices, expected.devices, options);
    expectInterrupts(unit['interrupts'] as Row | null, expected, options);
  }
  if (!options.holesAreZero) {
    const pages = answer.incomplete.map((each) => each.address).filter((each) => each !== null);
    expect(new Set(pages)).toEqual(new Set(truth.missingPages));
  }
}

function expectRows(rows: readonly Row[], expected: readonly Row[], options: TruthOptions): void {
  expect(rows.map(rowKey)).toEqual(expected.map(rowKey));
  for (const [index, want] of expected.entries())
    for (const [field, value] of Object.entries(want)) {
      if (NOT_IN_ROWS.has(field) || (options.holesAreZero && field === 'tablePages')) continue;
      expect(rows[index][field], `${rowKey(want)} ${field}`).toEqual(value);
    }
}

const rowKey = (row: Row): string =>
  `${String(row['bdf'])}${row['pasid'] === undefined ? '' : `/${String(row['pasid'] as number)}`}`;

function expectInterrupts(interrupts: Row | null, unit: TruthUnit, options: TruthOptions): void {
  const expected = unit.interrupts;
  if (!expected) return;
  expect(interrupts).not.toBeNull();
  if (unit.vendor === 'intel') {
    expect(interrupts).toMatchObject({
      table: expected.table,
      ...(options.fromKernel ? {} : { capacity: expected.capacity }),
      extended: expected.extended,
      present: expected.entries!.length,
    });
    return;
  }
  expect(interrupts!['format']).toBe(expected.format);
  expect(interrupts!['tables']).toMatchObject(
    expected.tables!.map(({ table, capacity, entries }) => ({
      table,
      capacity,
      present: entries.length,
    })),
  );
}

/** Compares an `irq --json` answer with the truth's entries. */
export function expectInterruptEntries(
  answer: { readonly units: readonly { readonly tables: readonly Row[] }[] },
  truth: Truth,
): void {
  for (const [index, unit] of truth.units.entries()) {
    if (!unit.interrupts) continue;
    const expected = unit.interrupts.tables ?? [
      {
        table: unit.interrupts.table!,
        capacity: unit.interrupts.capacity!,
        entries: unit.interrupts.entries!,
      },
    ];
    const tables = answer.units[index].tables;
    expect(tables.map((table) => table['table'])).toEqual(expected.map((table) => table.table));
    for (const [at, { entries }] of expected.entries()) {
      const rows = tables[at]['entries'] as readonly Row[];
      expect(rows.map((row) => row['index'])).toEqual(entries.map((entry) => entry['index']));
      for (const [n, entry] of entries.entries())
        for (const field of ['raw', 'vector', 'destination', 'posted'])
          if (field in entry)
            expect(rows[n][field], `entry ${String(entry['index'])} ${field}`).toEqual(
              entry[field],
            );
      for (const [n, entry] of entries.entries())
        // The truth names the source-id field whether or not the entry checks it.
        if (entry['sourceValidation'] === 1) expect(rows[n]['source']).toEqual(entry['source']);
    }
  }
}
