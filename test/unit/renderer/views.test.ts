import { describe, expect, it } from 'vitest';
import {
  niceMaximum,
  phaseSpans,
  rateSummary,
  ticks,
  timeAt,
  xOf,
} from '../../../renderer/panels/faults/rate.ts';
import type { MemoryPage } from '../../../renderer/panels/memory/rows.ts';
import { asciiOf, hexRows, hexdump, wordsOf } from '../../../renderer/panels/memory/rows.ts';
import { PANELS, RAIL, consoleOf, kindOf } from '../../../renderer/panels/registry.ts';
import { KEYS } from '../../../renderer/keys.ts';
import { layoutOf } from '../../../renderer/shell/layout.ts';
import { PRESETS } from '../../../renderer/shell/presets.ts';
import { nextZoom, parseView } from '../../../renderer/state/view.ts';

describe('the rate chart', () => {
  const data = {
    start: 10,
    end: 20,
    first: 10,
    last: 20,
    untimed: 0,
    read: [0, 17, 0],
    write: [2, 4, 0],
    interrupt: [0, 0, 1],
  };

  it('scales to a round number', () => {
    expect(niceMaximum(data)).toBe(50);
    expect(niceMaximum({ ...data, read: [0, 0, 0] })).toBe(5);
    expect(niceMaximum({ ...data, read: [], write: [], interrupt: [] })).toBe(1);
  });

  it('puts round times on its axis', () => {
    expect(ticks(10, 20, 5)).toEqual([10, 12, 14, 16, 18, 20]);
    expect(ticks(16.11, 17.65, 4)).toEqual([16.5, 17, 17.5]);
    expect(ticks(5, 5, 4)).toEqual([]);
  });

  it('leads from times to places and back', () => {
    for (const time of [10, 13.7, 20])
      expect(timeAt(xOf(time, data, 812), data, 812)).toBeCloseTo(time);
    expect(timeAt(-100, data, 812)).toBe(10);
    expect(timeAt(9999, data, 812)).toBe(20);
  });

  it('joins phases of one name and cuts them to the axis', () => {
    const phases = [
      { stage: 'boot', kernel: 0, at: 0 },
      { stage: 'boot', kernel: 0, at: 1 },
      { kernel: 0, at: 11 },
      { stage: 'panic', kernel: 0, at: 15 },
      { stage: 'boot', kernel: 1, at: 30 },
      { stage: 'lost', kernel: 1 },
    ];
    expect(phaseSpans(phases, data)).toEqual([
      { name: 'boot', from: 10, to: 15 },
      { name: 'panic', from: 15, to: 20 },
    ]);
  });

  it('has words for those who do not see it', () => {
    expect(rateSummary(data)).toBe(
      'Faults from 10.0 s to 20.0 s: 17 reads, 6 writes, 1 interrupts',
    );
    expect(rateSummary({ ...data, untimed: 1 })).toMatch(
      /; 1 fault has no time stamp and isn't drawn$/,
    );
    expect(rateSummary({ ...data, untimed: 1234 })).toMatch(/; 1,234 faults have no time stamp/);
  });
});

describe('memory rows', () => {
  const page = (
    address: string,
    provenance: MemoryPage['provenance'],
    bytes?: Uint8Array,
  ): MemoryPage => ({
    address,
    provenance,
    note: '',
    bytes: bytes && Buffer.from(bytes).toString('base64'),
  });

  it('folds rows of zeros and joins gaps of one kind', () => {
    const bytes = new Uint8Array(4096);
    bytes[0] = 1;
    bytes[4080] = 2;
    const rows = hexRows(
      [
        page('0x1000', 'present', bytes),
        page('0x2000', 'excluded'),
        page('0x3000', 'excluded'),
        page('0x4000', 'absent'),
      ],
      0x1000n,
      0x4000,
    );
    expect(
      rows.map(
        (row) => `${row.kind} ${row.address.toString(16)} ${row.kind === 'gap' ? row.length : ''}`,
      ),
    ).toEqual(['bytes 1000 ', 'zeros 1010 ', 'bytes 1ff0 ', 'gap 2000 8192', 'gap 4000 4096']);
  });

  it('never shows what is not known as bytes', () => {
    for (const provenance of ['excluded', 'absent', 'failed', 'pending'] as const)
      expect(hexRows([page('0x0', provenance)], 0n, 4096)).toMatchObject([
        { kind: 'gap', length: 4096n },
      ]);
  });

  it('writes words little-endian, and hexdump -C', () => {
    const bytes = Uint8Array.from([0x01, 0x90, 0x2d, 0x3f, 0x01, 0, 0, 0x41]);
    expect(wordsOf(bytes, 1)).toEqual(['01', '90', '2d', '3f', '01', '00', '00', '41']);
    expect(wordsOf(bytes, 4)).toEqual(['3f2d9001', '41000001']);
    expect(wordsOf(bytes, 8)).toEqual(['410000013f2d9001']);
    expect(asciiOf(bytes)).toBe('··-?···A');
    expect(hexdump(0x13f2d9000n, bytes)).toBe('13f2d9000  01 90 2d 3f 01 00 00 41    |..-?...A|');
  });
});

describe('layouts', () => {
  it.each(PRESETS.map((preset, index) => [preset.name, index + 1] as const))(
    '%s fills the dock',
    (_name, number) => {
      const preset = PRESETS[number - 1];
      const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
      expect(sum(preset.columns.map(({ width }) => width))).toBeCloseTo(1);
      for (const { groups } of preset.columns)
        expect(sum(groups.map(({ height }) => height))).toBeCloseTo(1);
      const panels = [
        ...(preset.across?.tabs ?? []),
        ...preset.columns.flatMap(({ groups }) => groups.flatMap(({ tabs }) => tabs)),
      ];
      expect(new Set(panels).size).toBe(panels.length);
      expect(panels).toContain(preset.focus);
    },
  );

  it('is dockview’s own form of a layout', () => {
    const layout = layoutOf(PRESETS[0], 1304, 836);
    expect(Object.keys(layout.panels)).toContain('explain');
    expect(JSON.stringify(layout.grid)).toContain('"size":492');
    expect(JSON.stringify(layout.grid)).toContain('"activeView":"faults"');
  });

  it('may have a group above all columns', () => {
    const layout = layoutOf(PRESETS[3], 1304, 836);
    expect(JSON.stringify(layout.grid)).toMatch(
      /"orientation":"VERTICAL".*"size":384,"data":\{[^}]*"views":\["timeline"/,
    );
  });

  it('has a key and a place in the rail for every panel', () => {
    for (const { kind, letter } of Object.values(PANELS)) {
      expect(
        KEYS.some(({ action }) => action === `go.${kind}`),
        kind,
      ).toBe(true);
      if (letter !== undefined)
        expect(KEYS.find(({ keys }) => keys === `G ${letter}`)?.action).toBe(`go.${kind}`);
    }
    const railed = RAIL.flatMap(({ panels }) => panels);
    expect(railed.every((kind) => PANELS[kind].letter !== undefined)).toBe(true);
  });

  it('knows what a panel shows by its id', () => {
    expect([kindOf('console:c2'), consoleOf('console:c2')]).toEqual(['console', 'c2']);
    expect([kindOf('faults'), consoleOf('console')]).toEqual(['faults', undefined]);
    expect(kindOf('nothing')).toBeUndefined();
  });
});

describe('what a person set', () => {
  it('survives what is not a saved view', () => {
    for (const text of [undefined, null, '', '{', '[]', '5', '{"zoom":9000,"theme":"pink"}'])
      expect(parseView(text)).toMatchObject({ zoom: 100, unlinked: [] });
    expect(parseView('{"zoom":9000,"theme":"pink"}').theme).toBeUndefined();
    expect(parseView('{"zoom":125,"theme":"light","unlinked":["tables",5]}')).toMatchObject({
      zoom: 125,
      theme: 'light',
      unlinked: ['tables'],
    });
  });

  it('zooms in steps between 80 and 200 %', () => {
    expect([100, 200, 80].map((zoom) => nextZoom(zoom, 1))).toEqual([110, 200, 90]);
    expect([100, 200, 80].map((zoom) => nextZoom(zoom, -1))).toEqual([90, 175, 80]);
  });
});
