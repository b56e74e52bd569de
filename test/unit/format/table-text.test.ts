import { describe, expect, test } from 'vitest';
import { array, assert, property, string, tuple } from 'fast-check';
import { tableText, type TextTable } from '../../../core/format/table-text.ts';

const table = (rows: TextTable['rows'], cut?: string): TextTable => ({
  name: 'Faults',
  columns: ['bdf', 'text'],
  rows,
  cut,
});

/** A reader of RFC 4180, written apart from the writer. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\n)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\n') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

/** What a spreadsheet would run gets an apostrophe; a number does not. */
const written = (cell: string): string =>
  /^[=+\-@\t\r]/.test(cell) && !/^-\d/.test(cell) ? `'${cell}` : cell;

describe('CSV', () => {
  test('any cells come back as they were, but for the apostrophe in front of a formula', () => {
    assert(
      property(array(tuple(string(), string({ unit: 'binary' }))), (rows) => {
        const read = readCsv(tableText(table(rows), 'csv'));
        expect(read[0]).toEqual(['bdf', 'text']);
        expect(read.slice(1)).toEqual(rows.map((row) => row.map(written)));
      }),
    );
  });

  test.each([
    ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['-cmd', "'-cmd"],
    ['-12', '-12'],
    ['0x1f00000', '0x1f00000'],
  ])('%s is text to a spreadsheet', (cell, written) => {
    expect(tableText(table([['00:06.0', cell]]), 'csv').split('\n')[1]).toBe(`00:06.0,${written}`);
  });
});

test('JSON has a schema, names its cells, and null for what is not known', () => {
  expect(
    JSON.parse(tableText(table([['00:06.0', undefined]], 'the first 1 of 2 rows'), 'json')),
  ).toEqual({
    schema: 'faultline.table/1',
    name: 'Faults',
    columns: ['bdf', 'text'],
    rows: [{ bdf: '00:06.0', text: null }],
    cut: 'the first 1 of 2 rows',
  });
});

describe('Markdown', () => {
  test('cells stay in their columns and stay text', () => {
    const text = tableText(
      table([['00:06.0', '<img src=x onerror=alert(1)> | `a`\nb [x](javascript:1) &lt;']]),
      'markdown',
    );
    const [, , row] = text.split('\n');
    expect(row).toBe(
      '| 00:06.0 | \\<img src=x onerror=alert(1)\\> \\| \\`a\\` b \\[x\\](javascript:1) &amp;lt; |',
    );
  });

  test('what was left out is said', () => {
    expect(tableText(table([], 'the first 1 of 2 rows'), 'markdown')).toContain(
      'Not listed: the first 1 of 2 rows.',
    );
  });
});

test('text is aligned and has an en dash for what is not known', () => {
  expect(
    tableText(
      table([
        ['00:06.0', 'a'],
        [undefined, 'b'],
      ]),
      'text',
    ),
  ).toBe('bdf      text\n00:06.0  a\n–        b\n');
});
