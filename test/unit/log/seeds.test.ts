import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { faultJson } from '../../../core/log/json.ts';
import { parseLog } from '../../../core/log/parse.ts';
import { ROOT } from '../../support/captures.ts';

/** The mails of the project's seeds, whole: prose, headers, patches, and fault lines among them. */
const SEEDS = resolve(ROOT, '../shared/seeds');
const missing = !existsSync(SEEDS);
if (missing) console.log('skipped: seeds of the console logs need ../shared/seeds');

const EXPECTED: Readonly<Record<string, readonly object[]>> = {
  '000': [{ line: 17, bdf: '00:14.1', access: 'write', address: '0x245a0c0', domain: 13 }],
  '001': [],
  '002': [{ line: 13, bdf: '00:14.1', access: 'write', address: '0x245a0c0', domain: 13 }],
  '003': [{ line: 23, bdf: '02:00.0', access: 'read', address: '0xfffff000', reason: 6 }],
  '004': [
    { line: 17, bdf: '01:00.0', access: 'read', address: '0xfff80000', reason: 1, status: '0x102' },
    { line: 21, bdf: '61:00.0', type: 'interrupt', index: 66, reason: 34, status: '0x2' },
  ],
};

describe.skipIf(missing)('whole mails', () => {
  test.each(Object.entries(EXPECTED))('seed %s', (name, expected) => {
    const file = readdirSync(SEEDS).find((each) => each.startsWith(name))!;
    const { faults, notes } = parseLog(readFileSync(join(SEEDS, file)));
    expect(faults.map((fault) => faultJson(fault))).toMatchObject(expected);
    expect(faults).toHaveLength(expected.length);
    expect(notes).toEqual([]);
  });
});
