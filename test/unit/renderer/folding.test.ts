import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConsoleChunk } from '../../../core/protocol/contract.ts';
import { StormFolding, unfolded } from '../../../renderer/panels/console/folding.ts';
import { LineMap } from '../../../renderer/panels/console/line-map.ts';
import { ConsoleRecord } from '../../../renderer/panels/console/record.ts';
import { logWords } from '../../../renderer/panels/console/TargetControls.tsx';
import { withComments } from '../../../renderer/panels/console/copy.ts';

const always = (): boolean => true;
const fault = (time: string): string => `[ ${time}] DMAR: DRHD: handling fault status reg 2\r`;
const read = (time: string): string => `[ ${time}] DMAR: [DMA Read] Request device [02:00.0]\r`;

describe('a storm', () => {
  it('folds equal lines into the first and counts them, whatever their stamps', () => {
    const folding = new StormFolding();
    const lines = [
      fault('1.000001'),
      read('1.000002'),
      fault('1.000003'),
      read('1.000004'),
      'next',
    ];
    const piece = folding.fold(lines.join('\n'), 10, true, always);
    expect(piece.data).toBe([fault('1.000001'), read('1.000002'), 'next'].join('\n'));
    // Behind the first comes line 11, behind the second the line that was not equal.
    expect(piece.next).toEqual([11, 14]);
    expect(piece.hidden).toEqual([
      [12, 10],
      [13, 11],
    ]);
    expect([...folding.counts]).toEqual([
      [10, 2],
      [11, 2],
    ]);
  });

  it('is one however many pieces it comes in, and ends when lines come slowly', () => {
    const folding = new StormFolding();
    const text = `${fault('1.000001')}\n`;
    folding.fold(text, 1, true, always);
    for (let piece = 1; piece < 1284; piece++)
      expect(folding.fold(text, piece + 1, true, always)).toEqual({
        data: '',
        begins: piece + 2,
        next: [],
        hidden: [[piece + 1, 1]],
      });
    expect(folding.counts.get(1)).toBe(1284);
    folding.fold('slow\n', 1285, true, () => false);
    expect(folding.fold(text, 1286, true, always).hidden).toEqual([]);
    expect(folding.fold(text, 1287, true, always).hidden).toEqual([[1287, 1286]]);
    expect([...folding.counts]).toEqual([
      [1, 1284],
      [1286, 2],
    ]);
    folding.reset();
    expect(folding.fold(text, 1, true, always).hidden).toEqual([]);
  });

  it('leaves alone what came slowly, what is short, and what is not whole', () => {
    const fold = (text: string, atStart = true, storm = always) =>
      new StormFolding().fold(text, 1, atStart, storm);
    const slow = `${fault('1.000001')}\n${fault('2.000001')}\n`;
    expect(fold(slow, true, () => false)).toEqual(unfolded(slow, 1));
    const short = 'ab\nab\nab\n';
    expect(fold(short)).toEqual(unfolded(short, 1));
    const cut = `${fault('1.000001')}\n${fault('1.000002')}`;
    expect(fold(cut)).toEqual(unfolded(cut, 1));
    const began = `${fault('1.000001')}\n${fault('1.000002')}\nx`;
    expect(fold(began, false)).toEqual(unfolded(began, 1));
  });

  it('accounts for every line, shown or folded, however it is cut into pieces', () => {
    const words = fc.constantFrom('equal line number one', 'equal line number two', 'other', '');
    fc.assert(
      fc.property(fc.array(fc.array(words), { minLength: 1 }), (pieces) => {
        const folding = new StormFolding();
        const seen: number[] = [];
        let first = 5;
        for (const lines of pieces) {
          const text = lines.map((line) => `${line}\n`).join('');
          const piece = folding.fold(text, first, true, always);
          expect(piece.next).toHaveLength(piece.data.split('\n').length - 1);
          seen.push(piece.begins, ...piece.next, ...piece.hidden.map(([line]) => line));
          first += lines.length;
        }
        expect([...new Set(seen)].sort((a, b) => a - b)).toEqual(
          Array.from({ length: first - 4 }, (_, index) => index + 5),
        );
      }),
    );
  });

  it('is more than 200 lines in a second, by the clock that is known', () => {
    const chunk = (gap: number, received: boolean): ConsoleChunk => ({
      offset: 0,
      data: '',
      total: 300,
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
