import { describe, expect, it } from 'vitest';
import type { WalkAnswer } from '../../../core/protocol/schema.ts';
import {
  hasNoContext,
  mapperWords,
  missingPageWords,
  readFromWords,
  walkBoxes,
} from '../../../renderer/panels/translate/model.ts';
import { walkPicture } from '../../../renderer/panels/translate/walk-picture.ts';
import { UNTRANSLATED, noContext } from '../../../renderer/wording.ts';

const step = (
  what: string,
  index: number,
  more: Partial<WalkAnswer['steps'][number]> = {},
): WalkAnswer['steps'][number] => ({
  what,
  index,
  table: `0x${index}000`,
  words: ['0x1'],
  text: 'present',
  outcome: 'next',
  ...more,
});

const SPLIT = [
  { name: 'L4', bits: '47:39', value: 0 },
  { name: 'L3', bits: '38:30', value: 3 },
  { name: 'L2', bits: '29:21', value: 511 },
  { name: 'L1', bits: '20:12', value: 511 },
  { name: 'offset', bits: '11:0', value: 0 },
];

const walk = (more: Partial<WalkAnswer>): WalkAnswer => ({
  unit: 'dmar0',
  bdf: '02:00.0',
  address: '0xfffff000',
  access: 'read',
  title: 'second-stage, 48-bit, 4 levels',
  split: SPLIT,
  steps: [],
  outcome: { result: 'translated', pa: '0x1', size: '0x1000', rights: 'rw', untranslated: false },
  ...more,
});

const text = (shown: WalkAnswer): string[] =>
  walkBoxes(shown).map(({ name, before, chosen, after, reached }) =>
    `${reached ? '' : '- '}${name} ${before} [${chosen}] ${after}`.trim(),
  );

describe('the boxes of a walk', () => {
  it('are seven of a walk over four levels, the chosen index in each', () => {
    const steps = [
      step('root entry', 2),
      step('context entry', 0),
      ...SPLIT.slice(0, 4).map(({ name, value }) => step(`${name} entry`, value)),
    ];
    expect(text(walk({ steps }))).toEqual([
      'Root 0x01 [0x02] 0x03',
      'Context  [00.0] 00.1',
      'L4  [0] 1',
      'L3 2 [3] 4',
      'L2 510 [511]',
      'L1 510 [511]',
      'Page  [+ 0x000]',
    ]);
    expect(walkBoxes(walk({ steps })).map(({ foot }) => foot)).toEqual([
      'bus',
      'dev.fn',
      '47:39',
      '38:30',
      '29:21',
      '20:12',
      '4 KiB',
    ]);
  });

  it('show where the walk did not come', () => {
    const steps = [
      step('root entry', 2),
      step('context entry', 0),
      step('L4 entry', 0),
      step('L3 entry', 3, { outcome: 'stop' }),
    ];
    const refused = walk({ steps, outcome: { result: 'fault', reason: 6, name: 'not readable' } });
    expect(text(refused).slice(3)).toEqual([
      'L3 2 [3] 4',
      '- L2  [511]',
      '- L1  [511]',
      '- Page  [+ 0x000]',
    ]);
  });

  it('name an AMD device by its DeviceID, and leave out levels that the tables skip', () => {
    const steps = [
      step('device table entry', 0x0200),
      step('L2 entry', 511),
      step('L1 entry', 511),
    ];
    expect(text(walk({ unit: 'ivhd0', steps }))).toEqual([
      'Device table 01:1f.7 [02:00.0] 02:00.1',
      'L2 510 [511]',
      'L1 510 [511]',
      'Page  [+ 0x000]',
    ]);
  });

  it('end with the device where nothing is translated', () => {
    const steps = [step('root entry', 2), step('context entry', 0, { outcome: 'leaf' })];
    const through = walk({
      steps,
      outcome: {
        result: 'translated',
        pa: '0x1',
        size: '0x1000',
        rights: 'rw',
        untranslated: true,
      },
    });
    expect(walkBoxes(through)).toHaveLength(2);
    expect(UNTRANSLATED).toBe('Untranslated: IOVA equals physical address.');
  });
});

describe('words of a walk', () => {
  it('a device without a context entry', () => {
    const steps = [
      step('root entry', 2),
      step('context entry', 0, { outcome: 'stop', text: 'not present: P is 0' }),
    ];
    const refused = walk({ steps, outcome: { result: 'fault', reason: 2, name: 'context' } });
    expect(hasNoContext(refused)).toBe(true);
    expect(noContext('02:00.0', 'dmar0', 2)).toBe(
      '02:00.0 has no context entry on dmar0: its DMA would fault with 0x02.',
    );
    const reserved = step('context entry', 0, { outcome: 'stop', text: 'reserved bits are set' });
    expect(hasNoContext({ ...refused, steps: [steps[0], reserved] })).toBe(false);
    expect(hasNoContext({ ...refused, steps: [...steps, step('L1 entry', 0)] })).toBe(false);
  });

  it.each([
    [[{ bdf: '02:00.0' }], 1, false, '02:00.0 only'],
    [[{ bdf: '02:00.0' }, { bdf: '02:00.0' }], 2, false, '02:00.0 only'],
    [[{ bdf: '02:00.0' }, { bdf: '04:00.0' }], 2, false, '02:00.0 and 04:00.0'],
    [[{ bdf: '02:00.0' }], 900, false, '02:00.0 and others'],
    [[{ bdf: '02:00.0' }], 1, true, '02:00.0 and others'],
    [
      ['0', '1', '2', '3', '4'].map((fn) => ({ bdf: `00:00.${fn}` })),
      5,
      false,
      '00:00.0, 00:00.1, 00:00.2 and 2 more',
    ],
    [[{ bdf: '02:00.0', pasid: 5 }], 1, false, '02:00.0 PASID 5 only'],
    [[{ bdf: '02:00.0', untranslated: true }], 1, false, '02:00.0 untranslated only'],
    [[], 0, false, 'no device, by the tables that were read'],
  ])('%j of %d ways (more: %s): %s', (rows, total, more, words) => {
    const full = rows.map((row) => ({ untranslated: false, ...row }));
    expect(mapperWords(full, total, more)).toBe(words);
  });

  it('says where it was read from', () => {
    const steps = [step('root entry', 2), step('context entry', 0)];
    expect(readFromWords(walk({ steps }), false)).toBe('2 table entries, all in the dump');
    expect(readFromWords(walk({ steps: steps.slice(1) }), true)).toBe(
      '1 table entry, all in simulated memory',
    );
    const missing = step('L1 entry', 0, { missing: 'not in this dump' });
    expect(readFromWords(walk({ steps: [...steps, missing] }), false)).toBe(
      '2 table entries, not all could be read',
    );
  });

  it('says why the page can not be looked at', () => {
    expect(missingPageWords('present')).toBeUndefined();
    expect(missingPageWords('excluded')).toBe("page excluded by the dump's filter");
    expect(missingPageWords('absent')).toBe('not in this dump');
    expect(missingPageWords('zero')).toBe('reads as zero');
  });
});

describe('the walk as a picture to take along', () => {
  const colours = (token: string): string => `#${token}`;
  const shown = walk({
    steps: [
      step('root entry', 2, { address: '0x2020', words: ['0x3001'] }),
      step('context entry', 0, { address: '0x3000', words: ['0x102', '0x4001'] }),
      step('L4 entry', 0, {
        address: '0x4000',
        text: 'not present: <R & W are 0>',
        outcome: 'stop',
      }),
    ],
    outcome: { result: 'fault', reason: 6, name: 'PTE Read access is not set' },
  });
  const svg = walkPicture(shown, colours);

  it('has every box, every step with its raw word, and the result', () => {
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, each]) => each);
    expect(texts).toEqual(
      expect.arrayContaining([
        '02:00.0 · DMA read at 0xfffff000',
        'Root',
        '0x02',
        'L4',
        'Page',
        'Root entry',
        '0x0000000000003001',
        'at 0x3000',
        '× refused: 0x06 PTE Read access is not set',
      ]),
    );
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/);
    expect(svg).toContain('<title>Walk: 02:00.0 · DMA read at 0xfffff000. × refused: 0x06');
  });

  it('needs nothing from elsewhere, has its own ground, and texts stay texts', () => {
    expect(svg).not.toMatch(/href|url\((?!#unreadable)|<(?:image|style|script)|var\(/);
    expect(svg).toMatch(/<rect width="\d+" height="\d+" fill="#bg1"\/>/);
    expect(svg).toContain('not present: &#60;R &#38; W are 0&#62;');
  });

  it('has room for every box of the longest walk', () => {
    const levels = [5, 4, 3, 2, 1].map((level) => step(`L${level} entry`, 511));
    const steps = ['root entry', 'context entry', 'PASID directory entry', 'PASID table entry']
      .map((what) => step(what, 1))
      .concat(levels);
    const long = walkPicture(walk({ steps }), colours);
    const width = Number(/width="(\d+)"/.exec(long)?.[1]);
    const rights = [...long.matchAll(/<rect x="([\d.]+)"[^>]* width="([\d.]+)"/g)].map(
      ([, x, room]) => Number(x) + Number(room),
    );
    expect(Math.max(...rights)).toBeLessThanOrEqual(width);
  });
});
