import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogTexts } from '../../../core/explain/log-texts.ts';

const encoder = new TextEncoder();

test('texts are found with their lines', () => {
  const texts = new LogTexts(['hpsa ', 'hard reset', 'never']);
  texts.push(encoder.encode('one\nhpsa 0000:02:00.0: ready after hard reset.\nthree\nhpsa again'));
  texts.end();
  expect(texts.found()).toEqual([
    { text: 'hpsa ', lines: [2, 4] },
    { text: 'hard reset', lines: [2] },
  ]);
});

test('whatever the chunks, the answer is the same', () => {
  const line = fc.array(fc.constantFrom('ab', 'abc', 'b', 'x', ' '), { maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 30 }),
      fc.array(fc.nat(200), { maxLength: 8 }),
      (lines, cuts) => {
        const bytes = encoder.encode(lines.map((parts) => parts.join('')).join('\n'));
        const read = (at: readonly number[]) => {
          const texts = new LogTexts(['abc', 'b x', 'ab']);
          const edges = [0, ...at.map((cut) => Math.min(cut, bytes.length)), bytes.length];
          edges.sort((a, b) => a - b);
          for (let edge = 1; edge < edges.length; edge++)
            texts.push(bytes.subarray(edges[edge - 1], edges[edge]));
          texts.end();
          return texts.found();
        };
        expect(read(cuts)).toEqual(read([]));
        const expected = ['abc', 'b x', 'ab'].map((text) => ({
          text,
          lines: lines.flatMap((parts, index) =>
            parts.join('').includes(text) ? [index + 1] : [],
          ),
        }));
        expect(read([])).toEqual(expected.filter((each) => each.lines.length > 0));
      },
    ),
  );
});

test('a line without end does not grow the memory', () => {
  const texts = new LogTexts(['needle']);
  for (let block = 0; block < 64; block++) texts.push(encoder.encode('x'.repeat(4000)));
  texts.push(encoder.encode('needle\n'));
  texts.end();
  expect(texts.found()).toEqual([{ text: 'needle', lines: [1] }]);
});
