import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findLine } from '../../../electron/host/console/find.ts';
import { ConsoleRecord } from '../../../electron/host/console/record.ts';

const never = (): AbortSignal => new AbortController().signal;

describe('looking for a text in a record', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-find-'));
  let turn = 0;
  const records: ConsoleRecord[] = [];
  const recordOf = (lines: readonly string[]): ConsoleRecord => {
    const at = join(folder, String(turn++));
    const record = new ConsoleRecord(`${at}.raw`, `${at}.lines`);
    records.push(record);
    record.append(Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1'), 0);
    return record;
  };
  let record: ConsoleRecord;
  beforeAll(() => {
    record = recordOf(['one DMAR', 'two', 'three dmar', 'four', 'five DMAR DMAR']);
  });
  afterAll(() => {
    for (const each of records) each.close();
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['dmar', 0, false, 1],
    ['dmar', 1, false, 3],
    ['DMAR', 3, false, 5],
    ['dmar', 5, false, 1],
    ['dmar', 5, true, 3],
    ['dmar', 1, true, 5],
    ['four', 4, false, 4],
    ['nothing', 2, false, undefined],
  ])('%s from line %i (backwards: %s) is in line %s', async (text, from, backwards, line) => {
    expect(await findLine(record, text, from, backwards, never())).toBe(line);
  });

  test('finds what stands across two pieces, in either direction', async () => {
    const filler = 'x'.repeat((1 << 20) - 3);
    const long = recordOf(['first', `${filler}needle`, 'last']);
    expect(await findLine(long, 'needle', 0, false, never())).toBe(2);
    expect(await findLine(long, 'needle', 3, true, never())).toBe(2);
  });

  test('goes round once, and agrees with a plain search', async () => {
    const word = fc.constantFrom('ab', 'ba', 'aab', 'c', '');
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { minLength: 1, maxLength: 12 }),
        fc.nat({ max: 13 }),
        fc.boolean(),
        async (lines, from, backwards) => {
          const order = backwards
            ? [...lines.keys()].map((at) => lines.length - at).map((line) => line)
            : [...lines.keys()].map((at) => at + 1);
          const before = order.filter((line) =>
            backwards ? line < Math.max(1, from) : line > from,
          );
          const after = order.filter((line) => !before.includes(line));
          const wanted = [...before, ...after].find((line) => lines[line - 1].includes('ab'));
          expect(await findLine(recordOf(lines), 'AB', from, backwards, never())).toBe(wanted);
        },
      ),
      { numRuns: 60 },
    );
  });
});
