import { describe, expect, it } from 'vitest';
import { withCommas, withoutCommas } from '../../../renderer/format/prose.ts';

describe('numbers in sentences', () => {
  it.each([
    ['00:1f.0 has 4234 mapped pages.', '00:1f.0 has 4,234 mapped pages.'],
    ['1234567 entries, 999 of them set', '1,234,567 entries, 999 of them set'],
    ['page table at 0x78e4000: page excluded', 'page table at 0x78e4000: page excluded'],
    ['ffff12345678', 'ffff12345678'],
    ['dmar0/irq/65535 of 0001:02:00.0', 'dmar0/irq/65535 of 0001:02:00.0'],
    ['L2[1023] and 6.12.1234', 'L2[1023] and 6.12.1234'],
    ['2000.', '2,000.'],
  ])('%s', (plain, shown) => {
    expect(withCommas(plain)).toBe(shown);
    expect(withoutCommas(withCommas(plain))).toBe(plain);
  });

  it('takes no comma out of a list', () => {
    expect(withoutCommas('1,2 and 3, 400')).toBe('1,2 and 3, 400');
  });
});
