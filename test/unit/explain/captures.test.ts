/** The captures: real states whose truth files say what explain, diff and scan have to find. */
import { describe, expect, test } from 'vitest';
import {
  captureJson,
  capturePath,
  CAPTURES,
  expandedPaths,
  MISSING_CAPTURE,
  WITH_VMCORE,
  type CaptureName,
} from '../../support/captures.ts';
import { runCli, runJson } from '../../support/run-cli.ts';
import type { Truth } from '../../support/truth.ts';

type Row = Readonly<Record<string, unknown>>;
interface Explained {
  readonly explanations: readonly (Row & {
    readonly fault: Row;
    readonly evidence: readonly Row[];
    readonly checks: readonly { readonly passed: boolean | null }[];
  })[];
}

const snapshot = (name: CaptureName, moment: string): string[] => [
  capturePath(name, `tables.${moment}.elf`),
  capturePath(name, `regs.${moment}.json`),
];

describe.each(['intel-6.1', 'intel-5.10', 'intel-6.12-sm', 'intel-6.1-off'] as const)(
  'faults of %s',
  (name) => {
    test('what the edu device was not given is not mapped, with the deciding entry', async () => {
      const { json, code } = await runJson<Explained>([
        'explain',
        ...snapshot(name, 'before'),
        capturePath(name, 'console.log'),
      ]);
      expect(code).toBe(0);
      expect(
        json.explanations.map(({ fault, verdict }) => [fault['bdf'], fault['address'], verdict]),
      ).toEqual([
        ['00:06.0', '0x1f00000', 'not-mapped'],
        ['00:06.0', '0xdead000', 'not-mapped'],
        ['00:06.0', '0xdeaf000', 'not-mapped'],
      ]);
      for (const { evidence, confidence, checks } of json.explanations) {
        expect(confidence).toBe('strong');
        expect(checks.every(({ passed }) => passed)).toBe(true);
        expect(evidence.some(({ address, raw }) => address && raw)).toBe(true);
      }
    });
  },
);

test("tables of another kernel than the fault's are told", async () => {
  const { json } = await runJson<Explained>([
    'explain',
    ...snapshot('intel-6.1', 'crash'),
    capturePath('intel-6.1', 'console.log'),
  ]);
  expect(json.explanations.map(({ confidence }) => confidence)).toEqual(['weak', 'weak', 'weak']);
});

test.each(['amd-6.1', 'amd-7.2-reuse'] as const)(
  'a pasted event over the tables of %s',
  async (name) => {
    const asked = async (line: string): Promise<Row> =>
      (
        await runJson([
          'explain',
          ...snapshot(name, 'before'),
          '--fault',
          `AMD-Vi: Event logged [IO_PAGE_FAULT ${line}]`,
        ])
      ).json;
    expect(
      await asked('device=00:06.0 domain=0x0007 address=0x1f00000 flags=0x0020'),
    ).toMatchObject({
      verdict: 'not-mapped',
      hardwareSaid: 'IO_PAGE_FAULT, RW: write to a page that is not present',
    });
    const truth = captureJson<Truth>(name, 'truth.before.json');
    const [mapped] = truth.units[0].devices.filter((device) => Number(device['leaves']) > 0);
    const [first] = mapped['first'] as string[];
    const address = first.split(' ')[0];
    expect(
      await asked(
        `device=${String(mapped['bdf'])} domain=0x0001 address=0x${address} flags=0x0070`,
      ),
    ).toMatchObject({ confidence: 'weak' });
  },
);

describe.each(WITH_VMCORE)('the vmcore of %s', (name) => {
  const vmcore = expandedPaths(name, 'vmcore');

  test.skipIf(!vmcore)(
    `audit finds what Linux leaves, and nothing else (${MISSING_CAPTURE})`,
    async () => {
      const { json, code } = await runJson<{ rules: readonly Row[] }>(['audit', ...vmcore!]);
      const of = (outcome: string) =>
        json.rules.filter((rule) => rule['outcome'] === outcome).map(({ id }) => id);
      expect(code).toBe(1);
      // The ISA bridge: mapped to itself on VT-d, and driven by nobody.
      expect(of('found')).toEqual(
        name === 'amd-6.1' ? ['mapped-without-driver'] : ['identity-map', 'mapped-without-driver'],
      );
      for (const rule of ['crash-memory', 'kernel-text', 'kernel-page-tables', 'iommu-tables'])
        expect(of('passed')).toContain(rule);
    },
  );

  test.skipIf(!vmcore)(`reverse gives what the leaf list has (${MISSING_CAPTURE})`, async () => {
    const { json } = await runJson<{ units: { devices: Row[] }[] }>([
      'tables',
      ...vmcore!,
      '--leaves',
    ]);
    const device = json.units[0].devices.find((each) => Number(each['leaves']) > 100)!;
    const pasid = device['pasid'] === undefined ? [] : ['--pasid', '0'];
    const bdf = String(device['bdf']);
    const { out } = await runCli(['mappings', ...vmcore!, '--device', bdf, ...pasid, '--plain']);
    const [iova, pa, size, rights] = out.split('\n')[50].split(' ');
    const found = await runJson<{ reaches: Row[] }>(['reverse', ...vmcore!, `0x${pa}+0x${size}`]);
    expect(found.json.reaches).toContainEqual(
      expect.objectContaining({ bdf, iova: `0x${iova}`, pa: `0x${pa}`, size: `0x${size}`, rights }),
    );
  });

  test.skipIf(!vmcore)(`a state differs from itself in nothing (${MISSING_CAPTURE})`, async () => {
    const { json, code } = await runJson<Row>(['diff', ...vmcore!, '--', ...vmcore!]);
    expect(json).toMatchObject({ equal: true, changes: [], mappings: [], missing: [] });
    expect(code).toBe(
      captureJson<Truth>(name, 'truth.vmcore.json').missingPages.length > 0 ? 4 : 0,
    );
  });
});

/** Fields of a truth row that diff names in the same words. */
const ROW_FIELDS = ['translation', 'domain', 'levels', 'pageTable', 'mode', 'rights', 'valid'];

describe.each(CAPTURES)('what the crash kernel of %s changed', (name) => {
  const truth = (moment: string) => captureJson<Truth>(name, `truth.${moment}.json`).units[0];
  const byRow = (unit: ReturnType<typeof truth>): Map<string, Row> =>
    new Map(
      unit.devices.map((row) => {
        const pasid = row['pasid'] === undefined ? '' : `/pasid.${String(row['pasid'] as number)}`;
        return [
          `${unit.vendor === 'intel' ? 'dmar0' : 'ivhd0'}/${String(row['bdf'])}${pasid}`,
          row,
        ];
      }),
    );

  test('diff names it, and nothing else', async () => {
    const { json, code } = await runJson<{
      changes: readonly { path: string; field: string; a: unknown; b: unknown }[];
      mappings: readonly { path: string; devices: readonly string[] }[];
      missing: readonly unknown[];
    }>(['diff', ...snapshot(name, 'before'), '--', ...snapshot(name, 'crash')]);
    const [before, crash] = [truth('before'), truth('crash')];
    const [rowsA, rowsB] = [byRow(before), byRow(crash)];
    const expected: unknown[] = [];
    const remapped: string[] = [];
    for (const path of new Set([...rowsA.keys(), ...rowsB.keys()])) {
      const [a, b] = [rowsA.get(path), rowsB.get(path)];
      if (!a || !b) {
        expected.push({ path, field: 'present', a: a !== undefined, b: b !== undefined });
        continue;
      }
      for (const field of ROW_FIELDS)
        if (field in a && a[field] !== b[field])
          expected.push({ path, field, a: a[field], b: b[field] });
      if (a['leafHash'] !== b['leafHash']) remapped.push(path);
    }
    const rows = json.changes.filter(
      ({ path, field }) =>
        (rowsA.has(path) || rowsB.has(path)) && (ROW_FIELDS.includes(field) || field === 'present'),
    );
    expect(new Set(rows)).toEqual(new Set(expected));
    expect(json.missing).toEqual([]);
    expect(code).toBe(json.changes.length + json.mappings.length > 0 ? 1 : 0);
    const told = new Set(
      json.mappings.flatMap(({ path, devices }) => {
        const unit = path.split('/')[0];
        return devices.map((device) => `${unit}/${device.replace(' PASID ', '/pasid.')}`);
      }),
    );
    expect(told).toEqual(new Set(remapped));
  });

  test('diff names the interrupt entries that changed, and no other', async () => {
    const { json } = await runJson<{ changes: readonly { path: string; field: string }[] }>([
      'diff',
      ...snapshot(name, 'before'),
      '--',
      ...snapshot(name, 'crash'),
    ]);
    type Entries = readonly Row[];
    const changedIn = (a: Entries, b: Entries): number[] => {
      const [byA, byB] = [a, b].map(
        (list) => new Map(list.map((entry) => [Number(entry['index']), String(entry['raw'])])),
      );
      return [...new Set([...byA.keys(), ...byB.keys()])].filter(
        (index) => byA.get(index) !== byB.get(index),
      );
    };
    const [before, crash] = [truth('before'), truth('crash')];
    const expected = new Set<string>();
    if (before.vendor === 'intel')
      for (const index of changedIn(before.interrupts!.entries!, crash.interrupts!.entries!))
        expected.add(`dmar0/irq/${index}`);
    else {
      // Tables belong to devices: those that have one in both states are compared, each pair once.
      const tableOf = (unit: typeof before, bdf: string) =>
        unit.interrupts!.tables!.find(
          ({ table }) =>
            table ===
            unit.devices.find((row) => row['bdf'] === bdf && row['interruptMapValid'])?.[
              'interruptTable'
            ],
        );
      const pairs = new Set<string>();
      for (const bdf of before.devices.map((row) => String(row['bdf'])).sort()) {
        const [a, b] = [tableOf(before, bdf), tableOf(crash, bdf)];
        if (!a || !b) continue;
        const pair = `${a.table} ${b.table}`;
        if (pairs.has(pair)) continue;
        pairs.add(pair);
        for (const index of changedIn(a.entries, b.entries))
          expected.add(`ivhd0/irq/${bdf}/${index}`);
      }
      expect(pairs.size).toBeGreaterThan(0);
    }
    const told = json.changes
      .map(({ path }) => path)
      .filter((path) => /^(?:dmar0\/irq|ivhd0\/irq\/[^/]+)\/\d+$/.test(path));
    expect(new Set(told)).toEqual(expected);
  });

  test('a device whose interrupt table came, went or moved is told by its entry', async () => {
    const [before, crash] = [truth('before'), truth('crash')];
    if (before.vendor === 'intel') return;
    const { json } = await runJson<{ changes: readonly { path: string; field: string }[] }>([
      'diff',
      ...snapshot(name, 'before'),
      '--',
      ...snapshot(name, 'crash'),
    ]);
    const told = new Set(
      json.changes
        .filter(({ field }) => field === 'interruptTable' || field === 'table')
        .map(({ path }) => /[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/.exec(path)?.[0]),
    );
    for (const row of before.devices) {
      const other = crash.devices.find((each) => each['bdf'] === row['bdf']);
      if (!other || other['interruptTable'] === row['interruptTable']) continue;
      expect(told, String(row['bdf'])).toContain(row['bdf']);
    }
  });
});

/** Tables that a truth file names: root, device and interrupt tables. */
function tablesOf(truth: Truth): Set<string> {
  return new Set(
    truth.units.flatMap((unit) =>
      [
        unit['rootTable'],
        unit['deviceTable'],
        unit.interrupts?.table,
        ...(unit.interrupts?.tables ?? []).map(({ table }) => table),
      ].filter((each): each is string => typeof each === 'string'),
    ),
  );
}

const MAIN = /root-table$|^device-table$|^interrupt-table$/;

async function expectScan(source: readonly string[], truth: Truth): Promise<void> {
  const { json } = await runJson<{
    candidates: readonly { kind: string; address: string; score: number; why: string[] }[];
  }>(['scan', ...source]);
  const sure = json.candidates.filter(({ kind, score }) => MAIN.test(kind) && score > 0.9);
  expect(new Set(sure.map(({ address }) => address))).toEqual(tablesOf(truth));
  for (const { why, score } of json.candidates) {
    expect(why.length).toBeGreaterThan(0);
    expect(score).toBeLessThanOrEqual(1);
  }
}

describe.each(CAPTURES)('scan of %s', (name) => {
  test.each(['before', 'crash'])('the %s snapshot: exactly the tables in use', async (moment) => {
    await expectScan(
      [capturePath(name, `tables.${moment}.elf`)],
      captureJson<Truth>(name, `truth.${moment}.json`),
    );
  });

  test('with the log, the units that it names are compared', async () => {
    const [dump] = snapshot(name, 'before');
    const { json } = await runJson<{
      notes: readonly string[];
      candidates: readonly { kind: string; units?: readonly { name: string; base: string }[] }[];
    }>(['scan', dump, capturePath(name, 'console.log')]);
    const root = json.candidates.find(({ kind }) => /root-table$|^device-table$/.test(kind))!;
    const truth = captureJson<Truth>(name, 'truth.before.json').units[0];
    if (name !== 'amd-7.2-reuse')
      expect(root.units).toEqual([
        { name: truth.vendor === 'intel' ? 'dmar0' : 'ivhd0', base: truth.base },
      ]);
    // The log of 7.2 names no unit.
    if (name === 'amd-7.2-reuse') expect(json.notes).toEqual([]);
    else expect(json.notes.join()).toMatch(/The log names 1 unit .*1 table looks/);
  });

  test('what was found serves as register values', async () => {
    const [dump] = snapshot(name, 'before');
    const { out, code } = await runCli(['scan', dump, '--as-registers']);
    expect(code).toBe(0);
    const document = JSON.parse(out) as { vendor: string; units: { registers: Row }[] };
    const truth = captureJson<Truth>(name, 'truth.before.json').units[0];
    const [low, high] = (truth.vendor === 'intel' ? ['0x020', '0x024'] : ['0x000', '0x004']).map(
      (offset) => BigInt(String(document.units[0].registers[offset])),
    );
    const root = String(truth['rootTable'] ?? truth['deviceTable']);
    expect(`0x${(((high << 32n) | low) & ~0xfffn).toString(16)}`).toBe(root);
  });
});

describe.each(WITH_VMCORE)('scan of large dumps of %s', (name) => {
  test.each(['vmcore', 'raw'])(
    '%s',
    async (format) => {
      const paths = expandedPaths(name, format);
      if (!paths) {
        console.log(`scan of ${format}: ${MISSING_CAPTURE}`);
        return;
      }
      await expectScan(
        [...paths, ...(format === 'raw' ? ['--as', 'raw'] : [])],
        captureJson<Truth>(name, 'truth.vmcore.json'),
      );
    },
    60_000,
  );
});
