import { describe, expect, it } from 'vitest';
import { columnsFor } from '../../../renderer/panels/faults/columns.ts';

/** Width of a character of the monospaced font at 12 px, and of the gap before each four digits. */
const CHARACTER = 7.2;
const GAP = 0.32 * 12;

const address = (digits: number): number =>
  columnsFor(digits).find(({ id }) => id === 'address')!.width;

describe('the columns of Faults', () => {
  it('are as wide as the design has them', () => {
    expect(columnsFor(8).map(({ width, grow }) => grow ?? width)).toEqual([
      158,
      52,
      28,
      108,
      'rest',
      188,
    ]);
  });

  it.each([8, 9, 10, 11, 12, 13, 16])('show all of %i digits', (digits) => {
    const gaps = Math.ceil(digits / 4) - 1;
    expect(address(digits)).toBeGreaterThanOrEqual((2 + digits) * CHARACTER + gaps * GAP + 12);
    expect(address(digits)).toBeLessThan(160);
  });
});
