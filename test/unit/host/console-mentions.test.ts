import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { mentions } from '../../../electron/host/console/mentions.ts';
import { ConsoleRecord } from '../../../electron/host/console/record.ts';

describe('lines that name a device', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-mentions-'));
  const records: ConsoleRecord[] = [];
  afterAll(() => {
    for (const each of records) each.close();
    rmSync(folder, { recursive: true });
  });
  const recordOf = (lines: readonly string[]): ConsoleRecord => {
    const at = join(folder, String(records.length));
    const record = new ConsoleRecord(`${at}.raw`, `${at}.lines`);
    records.push(record);
    record.append(Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'), 0);
    return record;
  };
  const find = (lines: readonly string[], bdf = '00:06.0', most = 9) =>
    mentions(recordOf(lines), bdf, most, new AbortController().signal);

  test.each([
    ['Request device [00:06.0] fault addr 0x1000', '00:06.0', true],
    ['hpsa 0000:00:06.0: reset', '00:06.0', true],
    ['00:06.0 at the start, and again 00:06.0', '00:06.0', true],
    ['device 0001:00:06.0 of another segment', '00:06.0', false],
    ['device 0001:00:06.0 of its segment', '0001:00:06.0', true],
    ['it was 10:00:06.0 then', '00:06.0', false],
    ['00:06.01 and a00:06.0', '00:06.0', false],
    ['nothing', '00:06.0', false],
  ])('%s: %s %s', async (line, bdf, named) => {
    expect(await find(['first', line, 'last'], bdf)).toEqual(
      named ? { lines: 1, first: [2] } : { lines: 0, first: [] },
    );
  });

  test('are counted once each, however long they are and wherever pieces are cut', async () => {
    const filler = 'x'.repeat((1 << 20) - 14);
    const long = await find([`first ${filler}`, '[00:06.0]', 'y', `00:06.0 ${filler} 00:06.0`]);
    expect(long).toEqual({ lines: 2, first: [2, 4] });
    for (let shift = 0; shift < 24; shift++) {
      const text = `${'x'.repeat((1 << 20) - 20 + shift)} 0000:00:06.0 z`;
      expect(await find([text, 'z'])).toEqual({ lines: 1, first: [1] });
    }
  });

  test('are told one by one only so far', async () => {
    const all = Array.from({ length: 30 }, () => '00:06.0');
    expect(await find(all, '00:06.0', 3)).toEqual({ lines: 30, first: [1, 2, 3] });
  });
});
