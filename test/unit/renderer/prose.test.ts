import { describe, expect, it } from 'vitest';
import { withCommas, withoutCommas } from '../../../renderer/format/prose.ts';
import { TypeAhead } from '../../../renderer/panels/tables/type-ahead.ts';

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

describe('type-ahead', () => {
  it('begins with what is no key, and then takes keys too', () => {
    const typed = new TypeAhead();
    expect(typed.take('G', 0)).toBeUndefined();
    expect(typed.take('Down', 0)).toBeUndefined();
    expect(typed.take('0', 0)).toBe('0');
    expect(typed.take('7', 100)).toBe('07');
    expect(typed.take('.', 200)).toBe('07.');
    expect(typed.take('Shift+C', 300)).toBe('07.c');
    expect(typed.take('Right', 400)).toBeUndefined();
    expect(typed.take('C', 500)).toBeUndefined();
    expect(typed.take('0', 600)).toBe('0');
    expect(typed.take('C', 2000)).toBeUndefined();
    expect(typed.take('B', 3000)).toBe('b');
    expect(typed.take('Space', 3100)).toBe('b ');
    expect(typed.take('Space', 9000)).toBeUndefined();
  });
});
