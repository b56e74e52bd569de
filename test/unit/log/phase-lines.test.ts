import { describe, expect, test } from 'vitest';
import { parseLog } from '../../../core/log/parse.ts';
import { BRING_UP } from './phase-rows/bring-up.ts';
import { HAND_OFF } from './phase-rows/hand-off.ts';
import { MILESTONES } from './phase-rows/milestones.ts';
import type { Row } from './phase-rows/row.ts';
import { RUN_TIME } from './phase-rows/run-time.ts';

const parse = (text: string) => parseLog(new TextEncoder().encode(text));

describe.each<[string, readonly Row[]]>([
  ['bring-up', BRING_UP],
  ['hand-off', HAND_OFF],
  ['run time', RUN_TIME],
  ['milestones', MILESTONES],
])('%s', (_, rows) => {
  test.each(rows.map((row) => ({ row, line: row[0] })))('$line', ({ row }) => {
    const [line, phase, event, rest = {}] = row;
    const { phases, marks, faults } = parse(`[    1.250000] ${line}\r\n`);
    expect(phases).toHaveLength(1);
    expect(phases[0]).toMatchObject({ line: 1, time: 1.25, kernel: 0, phase, event, ...rest });
    expect(phases[0].text).toBe(line.trim());
    expect(marks).toHaveLength(1);
    expect(faults).toEqual([]);
  });
});

describe('makedumpfile', () => {
  test('its progress, redrawn on one line, gives one record', () => {
    const steps = Array.from(
      { length: 1000 },
      (_, at) =>
        `\rCopying data                        : [${(at / 10).toFixed(1).padStart(5)} %] /   eta: 2m10s`,
    );
    const { phases } = parse(
      `${steps.join('')}\rCopying data                        : [100.0 %] |\nend`,
    );
    expect(phases.map((phase) => phase.event)).toEqual(['makedumpfile-copies']);
  });
});

describe('lines that are none of them', () => {
  test.each([
    ['net_ratelimit: 12 callbacks suppressed'],
    ['A mail about Linux version 6.1 and its Kernel panic'],
    ['crashkernel=256M'],
    ['the device is not present'],
  ])('%s', (line) => {
    const { phases, marks, notes } = parse(`${line}\n`);
    expect({ phases, marks, notes }).toEqual({ phases: [], marks: [], notes: [] });
  });
});
