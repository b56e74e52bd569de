import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConsoleChunk } from '../../../core/protocol/contract.ts';
import { folded, unfolded } from '../../../renderer/panels/console/folding.ts';
import { LineMap } from '../../../renderer/panels/console/line-map.ts';
import { ConsoleRecord } from '../../../renderer/panels/console/record.ts';
import { logWords } from '../../../renderer/panels/console/TargetControls.tsx';
import { withComments } from '../../../renderer/panels/console/copy.ts';

const always = (): boolean => true;
const fault = (time: string): string => `[ ${time}] DMAR: DRHD: handling fault status reg 2\r`;
const read = (time: string): string => `[ ${time}] DMAR: [DMA Read] Request device [02:00.0]\r`;
/** The terminal gets UTF-8. */
const shown = (data: string): string => Buffer.from(data, 'latin1').toString('utf8');

describe('a storm', () => {
  it('folds equal lines into their count, whatever their stamps', () => {
    const piece = folded(
      [fault('1.000001'), read('1.000002'), fault('1.000003'), read('1.000004'), 'next'].join('\n'),
      10,
      true,
      always,
    );
    expect(shown(piece.data)).toBe(
      [
        '[ 1.000001] DMAR: DRHD: handling fault status reg 2 \u001b[2m× 2\u001b[22m',
        '[ 1.000002] DMAR: [DMA Read] Request device [02:00.0] \u001b[2m× 2\u001b[22m',
        'next',
      ].join('\n'),
    );
    // Behind the first comes line 11, behind the second the line that was not equal.
    expect(piece.next).toEqual([11, 14]);
    expect(piece.hidden).toEqual([
      [12, 10],
      [13, 11],
    ]);
  });

  it('writes counts with commas', () => {
    const text = `${Array.from({ length: 1284 }, () => fault('1.000001')).join('\n')}\n`;
    expect(shown(folded(text, 1, true, always).data)).toContain('× 1,284');
  });

  it('leaves alone what came slowly, what is short, and what is not whole', () => {
    const slow = `${fault('1.000001')}\n${fault('2.000001')}\n`;
    expect(folded(slow, 1, true, () => false)).toEqual(unfolded(slow, 1));
    const short = 'ab\nab\nab\n';
    expect(folded(short, 1, true, always)).toEqual(unfolded(short, 1));
    const cut = `${fault('1.000001')}\n${fault('1.000002')}`;
    expect(folded(cut, 1, true, always)).toEqual(unfolded(cut, 1));
    const began = `${fault('1.000001')}\n${fault('1.000002')}\nx`;
    expect(folded(began, 1, false, always)).toEqual(unfolded(began, 1));
  });

  it('accounts for every line, shown or folded', () => {
    const words = fc.constantFrom('equal line number one', 'equal line number two', 'other', '');
    fc.assert(
      fc.property(fc.array(words), fc.boolean(), (lines, atStart) => {
        const text = lines.join('\n');
        const piece = folded(text, 5, atStart, always);
        const feeds = piece.data.split('\n').length - 1;
        expect(piece.next).toHaveLength(feeds);
        const all = [5, ...piece.next, ...piece.hidden.map(([line]) => line)];
        expect(all.sort((a, b) => a - b)).toEqual(
          Array.from({ length: text.split('\n').length }, (_, index) => index + 5),
        );
      }),
    );
  });

  it('is more than 200 lines in a second, by the clock that is known', () => {
    const chunk = (gap: number, received: boolean): ConsoleChunk => ({
      offset: 0,
      data: '',
      lines: Array.from({ length: 300 }, (_, index) => ({
        line: index + 1,
        at: received ? 1 + index * gap : 0,
        kernelTime: index * gap,
      })),
      marks: [],
    });
    for (const received of [true, false]) {
      const fast = new ConsoleRecord();
      fast.take(chunk(0.001, received));
      expect([fast.inStorm(150), fast.inStorm(250)]).toEqual([false, true]);
      const slow = new ConsoleRecord();
      slow.take(chunk(0.01, received));
      expect(slow.inStorm(250)).toBe(false);
    }
  });

  it('leads to the line that stands for a folded one', () => {
    const map = new LineMap(1);
    map.begin(2, 1);
    map.alias(3, 2);
    map.begin(4, 2);
    expect([map.rowOf(3), map.lineAt(1), map.rowOf(4), map.last]).toEqual([1, 2, 2, 4]);
  });
});

describe('words of the bar and of copies', () => {
  it.each([
    [undefined, '○ Log to file'],
    [{ path: '/a/x.log', name: 'x.log', bytes: 1258291 }, '● Log: x.log 1.2 MiB'],
    [
      {
        path: '/a/x.log',
        name: 'x.log',
        bytes: 3,
        failed: 'Logging stopped: disk full. The console keeps running.',
      },
      'Logging stopped: disk full. The console keeps running.',
    ],
  ])('%j reads %s', (log, words) => {
    expect(logWords({ log })).toBe(words);
  });

  it('decoded meanings stand behind their lines', () => {
    const mark = {
      line: 2,
      kind: 'fault',
      severity: 'error',
      text: '02:00.0 read 0x1000',
    } as const;
    expect(
      withComments([
        { line: 1, text: 'plain' },
        { line: 2, text: 'DMAR: …', mark },
      ]),
    ).toBe('plain\nDMAR: …  # 02:00.0 read 0x1000');
  });
});
