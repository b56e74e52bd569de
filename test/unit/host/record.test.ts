import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConsoleRecord } from '../../../electron/host/console/record.ts';
import { ROOT } from '../../support/captures.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-record-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (name = 'a'): ConsoleRecord =>
  new ConsoleRecord(join(folder, `${name}.raw`), join(folder, `${name}.lines`));

/** What the index must say: every line's number and first byte. */
function linesOf(text: string): { line: number; offset: number }[] {
  const starts: { line: number; offset: number }[] = [];
  let offset = 0;
  for (const line of text.split('\n')) {
    if (offset < text.length) starts.push({ line: starts.length + 1, offset });
    offset += line.length + 1;
  }
  return starts;
}

const chunk = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\u00ff'), maxLength: 20 });

describe('the record of a console', () => {
  test('holds the bytes and the lines that came, however they were cut, and so does a reopened one', () => {
    let n = 0;
    fc.assert(
      fc.property(fc.array(chunk), (chunks) => {
        const name = `p${n++}`;
        const record = open(name);
        for (const [index, each] of chunks.entries())
          record.append(Buffer.from(each, 'latin1'), index);
        const text = chunks.join('');
        const check = (of: ConsoleRecord): void => {
          expect(of.read(0, 1e6).toString('latin1')).toBe(text);
          const starts = of.starts(1, 1e6).map(({ line, offset }) => ({ line, offset }));
          expect(starts).toEqual(linesOf(text));
          expect(of.lines).toBe(starts.length);
        };
        check(record);
        record.close();
        const again = open(name);
        check(again);
        again.append(Buffer.from('more\nlines'), 1);
        expect(again.starts(1, 1e6).map(({ line, offset }) => ({ line, offset }))).toEqual(
          linesOf(`${text}more\nlines`),
        );
        again.close();
      }),
      { numRuns: 60 },
    );
  });

  test('says when each line began to come', () => {
    const record = open();
    record.append(Buffer.from('one\ntw'), 1.5);
    record.append(Buffer.from('o\nthree'), 2.5);
    expect(record.starts(1, 10).map(({ at }) => at)).toEqual([1.5, 1.5, 2.5]);
    record.close();
  });

  test('finds the line of an offset, and the text of lines', () => {
    const record = open();
    record.append(Buffer.from('one\r\ntwo\n\nfour'), 0);
    expect([0, 1, 5, 6, 9, 10, 11].map((offset) => record.lineAt(offset))).toEqual([
      1, 2, 2, 3, 3, 4, 5,
    ]);
    expect(record.texts(2, 5)).toEqual([
      { line: 2, text: 'two' },
      { line: 3, text: '' },
      { line: 4, text: 'four' },
    ]);
    record.close();
  });

  test('an index that was lost in part is made again from the bytes', () => {
    const record = open();
    record.append(Buffer.from('line\n'.repeat(100)), 3);
    record.close();
    for (const length of [0, 16, 8, 777, 1600]) {
      truncateSync(join(folder, 'a.lines'), length);
      const again = open();
      expect(again.lines).toBe(100);
      expect(again.starts(100, 101)[0].offset).toBe(495);
      again.close();
    }
  });

  test('a log of somebody else is indexed and never written', () => {
    const path = join(folder, 'their.log');
    writeFileSync(path, 'one\ntwo\n');
    const record = new ConsoleRecord(path, join(folder, 'their.lines'), true);
    record.append(record.readFile(0, 100), 0);
    expect(record.texts(1, 3).map(({ text }) => text)).toEqual(['one', 'two']);
    record.clear();
    expect(record.fileSize()).toBe(8);
    record.close();
  });

  test('survives a kill at any moment: what was told to be written is there', async () => {
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { ConsoleRecord } from ${JSON.stringify(join(ROOT, 'electron/host/console/record.ts'))};
         const record = new ConsoleRecord(process.argv[1] + '/a.raw', process.argv[1] + '/a.lines');
         for (let n = 0; n < 5000; n++) record.append(Buffer.from('line ' + n + '\\n'), n);
         record.append(Buffer.from('an unfinished li'), 5000);
         process.stdout.write('written');
         setInterval(() => {}, 1000);`,
        folder,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const record = open();
    expect(record.lines).toBe(5001);
    expect(record.texts(5000, 5002).map(({ text }) => text)).toEqual([
      'line 4999',
      'an unfinished li',
    ]);
    record.append(Buffer.from('ne\n'), 5001);
    expect(record.texts(5001, 5002)[0].text).toBe('an unfinished line');
    record.close();
  });
});
