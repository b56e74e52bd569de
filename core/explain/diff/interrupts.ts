/** Interrupt remapping entries that differ, by index. */
import { hex } from '../../format/hex.ts';
import type { InterruptEntry, InterruptTable } from '../../iommu/unit.ts';
import {
  compareFields,
  layoutFields,
  type Change,
  type DiffValue,
  type MissingPart,
} from './change.ts';
import type { UnitPair } from './pair.ts';

/** Fields of the layouts that the row has under the contract's names. */
const COVERED = new Set([
  'P',
  'V',
  'VV',
  'DST',
  'SID',
  'IM',
  'RemapEn',
  'Vector',
  'Destination',
  'GuestMode',
]);

/** Compares the tables of one unit; AMD-Vi's by the device that points to them. */
export function diffInterrupts(pair: UnitPair): {
  readonly changes: readonly Change[];
  readonly missing: readonly MissingPart[];
} {
  const [tablesA, tablesB] = [pair.a.interrupts(false), pair.b.interrupts(false)];
  const changes: Change[] = [];
  const missing: MissingPart[] = [];
  const modes = [pair.a, pair.b].map(({ facts }) =>
    facts.vendor === 'intel' ? facts.interrupts?.extended : true,
  );
  const modeKnown = !modes.includes(undefined) || modes[0] === modes[1];
  const compare = (path: string, a: InterruptTable, b: InterruptTable): void => {
    changes.push(...compareFields(path, tableFields(a), tableFields(b)));
    const entries = diffEntries(path, a, b, modeKnown);
    changes.push(...entries.changes);
    missing.push(...entries.missing);
  };
  if (pair.a.facts.vendor === 'intel') {
    const [a, b] = [tablesA[0], tablesB[0]];
    if (a && b) {
      compare(`${pair.name}/irq`, a, b);
      if (!modeKnown)
        missing.push({
          side: modes[0] === undefined ? 'a' : 'b',
          path: `${pair.name}/irq`,
          text: `${modes[0] === undefined ? 'A' : 'B'} does not tell whether the unit is in x2APIC mode: destinations are not compared.`,
        });
    } else if (a || b)
      missing.push({
        side: a ? 'b' : 'a',
        path: `${pair.name}/irq`,
        text: `${a ? 'B' : 'A'}'s interrupt remapping table is not known.`,
      });
    return { changes, missing };
  }
  const seen = new Set<string>();
  const devices = new Set([...tablesA, ...tablesB].flatMap((table) => table.devices));
  for (const bdf of [...devices].sort()) {
    const [a, b] = [tablesA, tablesB].map((tables) =>
      tables.find((table) => table.devices.includes(bdf)),
    );
    // A device that got or lost its table is told by its device table entry.
    if (!a || !b) continue;
    const key = `${a.table} ${b.table}`;
    if (!seen.has(key)) compare(`${pair.name}/irq/${bdf}`, a, b);
    seen.add(key);
  }
  return { changes, missing };
}

function tableFields({ table, capacity }: InterruptTable): Map<string, DiffValue> {
  return new Map<string, DiffValue>([
    ['table', hex(table)],
    ['capacity', capacity],
  ]);
}

function diffEntries(
  path: string,
  a: InterruptTable,
  b: InterruptTable,
  modeKnown: boolean,
): { readonly changes: Change[]; readonly missing: MissingPart[] } {
  const [byIndexA, byIndexB] = [a, b].map(
    ({ entries }) => new Map(entries.map((entry) => [entry.index, entry])),
  );
  const changes: Change[] = [];
  const missing: MissingPart[] = [];
  const indexes = [...new Set([...byIndexA.keys(), ...byIndexB.keys()])].sort((x, y) => x - y);
  for (const index of indexes) {
    const [left, right] = [byIndexA.get(index), byIndexB.get(index)];
    const at = `${path}/${index}`;
    const other = left ? b : a;
    const gap = left && right ? undefined : missingAt(other, left ? a : b, index);
    if (gap !== undefined) missing.push({ side: left ? 'b' : 'a', path: at, text: gap });
    else if (left && right)
      changes.push(
        ...compareFields(at, entryFields(left), entryFields(right)).filter(
          ({ field }) => modeKnown || !ofDestination(field),
        ),
      );
    else changes.push(...compareFields(at, mainFields(left), mainFields(right)));
  }
  return { changes, missing };
}

/** The fields whose place depends on the mode: the destination, and what is reserved beside it. */
function ofDestination(field: string): boolean {
  return field === 'destination' || field.startsWith('reserved ');
}

/** Why an entry of one table may not be known: the page where it would stand is missing. */
function missingAt(table: InterruptTable, like: InterruptTable, index: number): string | undefined {
  if (table.incomplete.length === 0) return undefined;
  const entry = like.entries[0];
  const size = entry ? BigInt(entry.entry.layout.width / 8) : 16n;
  const page = (table.table + size * BigInt(index)) & ~0xfffn;
  return table.incomplete.find(({ address }) => address === page)?.text;
}

/** What an entry is for; all that is told of one that a single state has. */
function mainFields(entry: InterruptEntry | undefined): Map<string, DiffValue> {
  if (!entry) return new Map([['present', false]]);
  const { vector, destination, source } = entry;
  return new Map<string, DiffValue>([
    ['present', true],
    ['vector', vector ?? null],
    ['destination', destination ?? null],
    ['source', source ?? null],
  ]);
}

function entryFields(entry: InterruptEntry): Map<string, DiffValue> {
  const { layout, words } = entry.entry;
  return new Map<string, DiffValue>([
    ...mainFields(entry),
    ['posted', entry.posted],
    ...layoutFields(layout, words, COVERED),
  ]);
}
