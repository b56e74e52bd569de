import { describe, expect, it } from 'vitest';
import { readTranslate, readPasted, walkBoxes } from '../../../renderer/panels/translate/model.ts';
import {
  accessMarks,
  readDecode,
  readRegisterValue,
  registerRows,
} from '../../../renderer/panels/registers/model.ts';
import { laneBoxes, openingStep, outcomeWords } from '../../../renderer/panels/handoff/model.ts';
import {
  chartGeometry,
  doneText,
  linkParts,
  tableCsv,
  withLine,
} from '../../../renderer/panels/script/output.ts';
import { crumbs } from '../../../renderer/panels/tables/breadcrumb.ts';
import { formerParts } from '../../../renderer/panels/tables/copy.ts';
import { copyForms, faultSentence } from '../../../renderer/panels/faults/copy.ts';
import { checksText } from '../../../renderer/panels/explain/markdown.ts';
import { deviceOfPath, panelOf, parseTarget } from '../../../renderer/shell/go.ts';
import { findActions, readJump } from '../../../renderer/shell/jump.ts';
import type { HandoffStep, HandoffStory, RegisterItem } from '../../../core/protocol/contract.ts';
import type { FieldItem, WalkAnswer } from '../../../core/protocol/schema.ts';
import { fault } from './fake-engine.ts';

describe('what is typed into Translate', () => {
  const input = {
    unit: '',
    bdf: '00:06.0',
    pasid: '',
    address: '0x1f00000',
    access: 'read',
  } as const;

  it.each([
    [{}, { bdf: '00:06.0', address: '0x1f00000', access: 'read' }],
    [{ bdf: '0:6.0' }, { bdf: '00:06.0' }],
    [{ bdf: '0001:2:0.1' }, { bdf: '0001:02:00.1' }],
    [{ address: '1F00000' }, { address: '0x1f00000' }],
    [
      { pasid: '5', unit: 'dmar1' },
      { pasid: 5, unit: 'dmar1' },
    ],
  ])('%j is asked as %j', (change, expected) => {
    expect(readTranslate({ ...input, ...change })).toMatchObject({ request: expected });
  });

  it.each([
    [{ bdf: '2.0' }, 'Not a BDF: "2.0". Write it as 02:00.0.'],
    [{ address: 'xyz' }, 'Not an address: "xyz". Write it as 0xfffff000.'],
    [{ pasid: 'x' }, 'Not a PASID: "x". Write a decimal number below 1048576.'],
  ])('%j is refused with a reason', (change, problem) => {
    expect(readTranslate({ ...input, ...change })).toEqual({ problem });
  });

  it('asks nothing while a field is empty, and reads what is pasted', () => {
    expect(readTranslate({ ...input, bdf: '' })).toBeUndefined();
    expect(readPasted('00:06.0 0xdead000 w')).toEqual({
      bdf: '00:06.0',
      address: '0xdead000',
      access: 'write',
    });
    expect(readPasted('DMAR: [DMA Read] Request device [02:00.0]')).toBeUndefined();
  });
});

describe('the picture of a walk', () => {
  const step = (what: string, index: number): WalkAnswer['steps'][number] => ({
    what,
    index,
    table: '0x1000',
    words: ['0x1'],
    text: 'present',
    outcome: 'next',
  });
  const walk: WalkAnswer = {
    unit: 'dmar0',
    bdf: '02:00.0',
    address: '0xfffff000',
    access: 'read',
    title: 'second-stage, 39-bit, 3 levels',
    split: [
      { name: 'L3', bits: '38:30', value: 3 },
      { name: 'offset', bits: '11:0', value: 0 },
    ],
    steps: [step('root entry', 2), step('context entry', 8), step('L3 entry', 3)],
    outcome: { result: 'translated', pa: '0x1', size: '0x1000', rights: 'rw', untranslated: false },
  };

  it('shows each table with the chosen entry between its neighbours', () => {
    expect(
      walkBoxes(walk).map(({ name, before, chosen, after, foot }) =>
        [name, before, chosen, after, foot].join(' '),
      ),
    ).toEqual([
      'Root 0x01 0x02 0x03 bus',
      'Context 00.7 01.0 01.1 dev.fn',
      'L3 2 3 4 38:30',
      'Page  + 0x000  4 KiB',
    ]);
  });
});

describe('registers', () => {
  const field = (
    name: string,
    high: number,
    low: number,
    more: Partial<FieldItem> = {},
  ): FieldItem => ({
    name,
    pieces: [{ high, low }],
    kind: 'flag',
    value: '0x1',
    text: 'set',
    meaning: '',
    spec: '',
    violated: false,
    ...more,
  });
  const register: RegisterItem = {
    name: 'GSTS',
    title: 'Global status',
    offset: '0x1c',
    width: 32,
    value: '0x80000000',
    decoded: 'TES',
    fields: [
      field('reserved 22:0', 22, 0, { kind: 'reserved' }),
      field('IRES', 25, 25),
      field('TES', 31, 31),
    ],
    spec: 'VT-d',
    access: ['RO'],
  };

  it('lists fields of open registers from the high bits down, reserved ones only when set', () => {
    const rows = registerRows([register], new Set(['GSTS']), '');
    expect(rows.map((row) => (row.kind === 'field' ? row.field.name : row.register.name))).toEqual([
      'GSTS',
      'TES',
      'IRES',
    ]);
    expect(registerRows([register], new Set(), 'status')).toHaveLength(1);
    expect(registerRows([register], new Set(), 'RTADDR')).toHaveLength(0);
  });

  it.each([
    ['GSTS=0xc7000000', { name: 'GSTS', value: '0xc7000000' }],
    ['gsts 00c7000000', { name: 'gsts', value: '0xc7000000' }],
    ['GSTS=', undefined],
    ['=5', undefined],
    ['GSTS=xyz', undefined],
  ])('decode box: %s', (text, expected) => {
    expect(readDecode(text)).toEqual(expected);
  });

  it.each([
    ['0xc7000000', 'GSTS', { name: 'GSTS', value: '0xc7000000' }],
    ['c7000000', 'GSTS', undefined],
    ['00c7', 'GSTS', { name: 'GSTS', value: '0xc7' }],
    ['FSTS=0x2', 'GSTS', { name: 'FSTS', value: '0x2' }],
    ['0x2', undefined, undefined],
  ])('a value alone is the selected register: %s with %s', (text, selected, expected) => {
    expect(readDecode(text, selected)).toEqual(expected);
  });

  it('marks how fields can be accessed', () => {
    expect(accessMarks(['RW', 'RW1C', 'RO'])).toBe('RW W1C RO');
    expect(accessMarks([])).toBe('');
  });

  it('takes values that fit the register', () => {
    expect(readRegisterValue('0xffffffff', 32)).toBe('0xffffffff');
    expect(readRegisterValue('0x1ffffffff', 32)).toBeUndefined();
    expect(readRegisterValue('zz', 32)).toBeUndefined();
  });
});

describe('the hand-off lab', () => {
  const step = (n: number, lane: HandoffStep['lane'], deciding = false): HandoffStep => ({
    n,
    lane,
    title: `step ${n}`,
    text: '',
    events: [],
    consoleLines: 0,
    state: [],
    deciding,
  });
  const steps = [
    step(1, 'old kernel'),
    step(2, 'device'),
    step(3, 'device'),
    step(4, 'iommu', true),
    step(5, 'kdump kernel'),
  ];

  it('opens at the deciding step, else at the last', () => {
    expect(openingStep(steps)).toBe(3);
    expect(openingStep(steps.slice(0, 3))).toBe(2);
    expect(openingStep([])).toBe(0);
  });

  it('lets a box reach to the next of its lane', () => {
    expect(laneBoxes(steps).map(({ lane, from, to }) => [lane, from, to])).toEqual([
      [0, 0, 4],
      [1, 1, 2],
      [1, 2, 5],
      [2, 3, 5],
      [4, 4, 5],
    ]);
  });

  it('says outcomes in the words of the matrix', () => {
    const story = (outcome: HandoffStory['outcome'], faults: number): HandoffStory =>
      ({ outcome, faults }) as HandoffStory;
    expect(outcomeWords(story('faults', 37))).toBe('37 faults');
    expect(outcomeWords(story('faults', 1))).toBe('1 fault');
    expect(outcomeWords(story('device lost', 4))).toBe('device lost');
  });
});

describe('script output', () => {
  it('finds what leads somewhere', () => {
    expect(
      linkParts('see dmar0/00:06.0/L3[0] at 0x299e000 of 00:06.0, not 0x6 (dmar0)').filter(
        ({ target }) => target !== undefined,
      ),
    ).toEqual([
      { text: 'dmar0/00:06.0/L3[0]', target: 'dmar0/00:06.0/L3[0]' },
      { text: '0x299e000', target: '0x299e000' },
      { text: '00:06.0', target: '00:06.0' },
    ]);
  });

  it.each(['', 'plain', '[00:06.0]', 'a <b>bold</b> &amp; 0xdeadbeef'])(
    'loses nothing of %j',
    (text) => {
      expect(
        linkParts(text)
          .map((part) => part.text)
          .join(''),
      ).toBe(text);
    },
  );

  it('writes tables as CSV and ends in words', () => {
    expect(tableCsv(['a', 'b'], [['1,5', 'say "x"']])).toBe('a,b\n"1,5","say ""x"""');
    expect(doneText('limit', 2)).toBe('stopped at its limit of time or memory after 2.0 s');
  });

  it('keeps a bounded history without neighbours that are equal', () => {
    expect(withLine(['a'], 'a')).toEqual(['a']);
    expect(withLine(['a'], ' ')).toEqual(['a']);
    expect(withLine(['a', 'b', 'c'], 'd', 3)).toEqual(['b', 'c', 'd']);
  });
});

describe('paths and links', () => {
  it('makes every part of a path a link', () => {
    expect(crumbs('dmar0/00:06.0/L3[0]').map(({ path }) => path)).toEqual([
      'dmar0',
      'dmar0/00:06.0',
      'dmar0/00:06.0/L3[0]',
    ]);
  });

  it.each([
    ['#7', { kind: 'fault', fault: 7 }, 'explain'],
    ['L512', { kind: 'line', line: 512 }, 'console'],
    ['0x299e000', { kind: 'address', address: '0x299e000' }, 'memory'],
    ['dmar0/00:06.0/context', { kind: 'path', path: 'dmar0/00:06.0/context' }, 'tables'],
  ] as const)('%s leads to its panel', (text, target, panel) => {
    expect(parseTarget(text)).toEqual(target);
    expect(panelOf(parseTarget(text))).toBe(panel);
  });

  it('knows the device of a path', () => {
    expect(deviceOfPath('dmar0/0001:02:00.0/pasid.0')).toBe('0001:02:00.0');
    expect(deviceOfPath('ivhd0/irq/00:14.0/3')).toBe('00:14.0');
    expect(deviceOfPath('dmar0/irq/42')).toBeUndefined();
  });

  it('says of a former meaning only what differs', () => {
    expect(formerParts('DID 9 · second-stage', 'DID 7 · second-stage')).toBe('DID 7');
    expect(formerParts('same', 'same')).toBe('same');
  });
});

describe('the Jump box', () => {
  it.each([
    ['>theme', 'actions', 'theme'],
    ['@00:06', 'devices', '00:06'],
    [':panic', 'console', 'panic'],
    [' 0x1f00000 ', 'all', '0x1f00000'],
    ['', 'all', ''],
  ])('%j searches %s for %j', (text, mode, query) => {
    expect(readJump(text)).toEqual({ mode, query });
  });

  it('finds actions by a few letters, and panels when nothing is typed', () => {
    const actions = [
      { id: 'view.theme', title: 'Switch the theme', run: () => {} },
      { id: 'go.tables', title: 'Go to Tables', run: () => {} },
      { id: 'escape', title: 'Close or clear', run: () => {} },
    ];
    expect(findActions(actions, 'thm', 'all')[0]?.id).toBe('view.theme');
    expect(findActions(actions, '', 'all').map(({ label }) => label)).toEqual(['Tables']);
    expect(findActions(actions, '', 'actions')).toHaveLength(2);
    expect(findActions(actions, 'qqqq', 'all')).toEqual([]);
  });
});

describe('copies', () => {
  it('are plain', () => {
    expect(faultSentence(fault())).toBe(
      '00:06.0 read 0x1f00000, reason 0x06 PTE Read access is not set, line 512',
    );
    const csv = copyForms(fault()).find(({ title }) => title === 'CSV');
    expect(csv?.text.split('\n')[1]).toBe(
      '1,512,16.11387,0,dma,read,00:06.0,,,0x1f00000,6,PTE Read access is not set,,Not mapped',
    );
  });

  it('count checks, those that could not be made apart', () => {
    expect(checksText([])).toBe('no check could be made');
    expect(checksText([{ passed: true }, { passed: true }])).toBe('2 of 2 checks');
    expect(checksText([{ passed: true }, { passed: false }, {}])).toBe(
      '1 of 3 checks, 1 could not be made',
    );
  });
});

describe('a chart that a script drew', () => {
  it('joins its points inside of its drawing, and says what it holds', () => {
    const { path, dots, left, right, summary } = chartGeometry([0, 1, 2], [1, 4, 9], 400, 160);
    expect(path).toMatch(/^M[\d.]+ [\d.]+L[\d.]+ [\d.]+L[\d.]+ [\d.]+$/);
    expect(dots[0][0]).toBe(left);
    expect(dots[2][0]).toBe(right);
    expect(dots[2][1]).toBeLessThan(dots[0][1]);
    expect(summary).toBe('3 points, x from 0 to 2, y from 1 to 9');
  });

  it('holds with no point, one, equal ones and many', () => {
    expect(chartGeometry([], [], 400, 160)).toMatchObject({ path: '', summary: 'no points' });
    expect(chartGeometry([5], [5], 400, 160).path).toMatch(/^M[\d.]+ [\d.]+$/);
    const many = Array.from({ length: 10_000 }, (_, at) => at);
    const drawn = chartGeometry(many, many.fill(7), 400, 160);
    expect(drawn.dots).toEqual([]);
    expect(drawn.path).not.toContain('NaN');
  });
});
