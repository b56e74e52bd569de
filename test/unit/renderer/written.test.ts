import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/captures.ts';

/**
 * How numbers and words are written, looked for in the window's own sources: what no panel may
 * write is found before anybody sees it.
 */
const FOLDER = join(ROOT, 'renderer');
const SOURCES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(FOLDER, path), 'utf8') }));

/** Lines that hold a pattern, comments left out. */
function found(pattern: RegExp): string[] {
  return SOURCES.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, at) => ({ line: line.trim(), at: at + 1 }))
      .filter(({ line }) => !/^(?:\*|\/\/|\/\*)/.test(line) && pattern.test(line))
      .map(({ line, at }) => `${path}:${at} ${line}`),
  );
}

describe('the window never writes', () => {
  it('looks at its sources', () => {
    expect(SOURCES.length).toBeGreaterThan(100);
  });

  it.each<[string, RegExp]>([
    ['hexadecimal in capitals', /toString\(16\)\.toUpperCase|0X\$\{/],
    ['N/A, null or undefined for what is absent', /['"`>](?:N\/A|n\/a|null|undefined|NaN)['"`<]/],
    ['a hyphen in a range of addresses, but for filters', /^(?!.*addr:).*\$\{hex\([^)]*\)\}-\$\{/],
    ['"illegal"', /['"`>][^'"`]*\b[Ii]llegal\b/],
    ['"unexpected"', /['"`>][^'"`]*\b[Uu]nexpected\b/],
    [
      'counts of rows, lines, hits or faults without the comma',
      /\$\{(?:\w+\.)*(?:total|hits|faults|lines|count|leaves)\}/,
    ],
    ['a number by the tables of languages', /toLocaleString\((?!'en-US')/],
  ])('%s', (_, pattern) => {
    expect(found(pattern)).toEqual([]);
  });
});
