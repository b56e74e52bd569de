import { afterEach, describe, expect, it, vi } from 'vitest';
import { resetKeys, setKeys } from '../../../renderer/keymap.ts';
import { findFetched, findNamed, isNamed, TypeAhead } from '../../../renderer/ui/type-ahead.ts';

const dialog = vi.fn<() => object | null>(() => null);
vi.stubGlobal('document', { querySelector: dialog });

describe('a name that is typed', () => {
  afterEach(() => {
    resetKeys();
    dialog.mockReturnValue(null);
  });

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

  it('begins with any character after the key that asks for it', () => {
    const typed = new TypeAhead();
    typed.begin(0);
    expect(typed.take('C', 3000)).toBe('c');
    expect(typed.take('T', 6000)).toBe('ct');
    expect(typed.take('Backspace', 6500)).toBe('c');
    expect(typed.take('Esc', 6600)).toBeUndefined();
    expect(typed.going(6700)).toBe(false);
    expect(typed.take('C', 6700)).toBeUndefined();
    typed.begin(7000);
    expect(typed.take('C', 12_000)).toBeUndefined();
  });

  it('goes by the keys as they are now', () => {
    expect(new TypeAhead().take('B', 0)).toBe('b');
    expect(setKeys('global C', 'B')).toBeUndefined();
    expect(new TypeAhead().take('B', 0)).toBeUndefined();
    expect(new TypeAhead().take('C', 0)).toBe('c');
  });

  it('has every letter but those of lists where a dialog has the keyboard', () => {
    dialog.mockReturnValue({});
    expect(new TypeAhead().take('T', 0)).toBe('t');
    expect(new TypeAhead().take('J', 0)).toBeUndefined();
  });
});

describe('the row of a name', () => {
  it.each([
    ['00:07.0 virtio-pci', '00:07', true],
    ['00:07.0 virtio-pci', 'virt', true],
    ['00:07.0 virtio-pci', 'irt', false],
    ['Root table', 'tab', true],
    ['dmar0/00:06.0/context', '00:06', true],
    ['L4[3]', '3', true],
    ['anything', '', false],
    [undefined, 'a', false],
  ])('%s begins with %s: %s', (name, text, expected) => {
    expect(isNamed(name, text)).toBe(expected);
  });

  const names = ['CAP', 'ECAP', 'GSTS', 'CCMD'];
  it.each([
    ['c', 0, 0],
    ['c', 1, 3],
    ['cc', 0, 3],
    ['e', 2, 1],
    ['x', 0, -1],
  ])('%s from %i on is %i', async (text, from, index) => {
    expect(findNamed(names.length, from, text, (at) => names[at])).toBe(index);
    const need = vi.fn((at: number) => Promise.resolve(names[at]));
    const rows = { row: (at: number) => (at < 2 ? names[at] : undefined), need };
    expect(await findFetched(rows, names.length, from, text, (name) => name)).toBe(index);
    expect(need.mock.calls.every(([at]) => at >= 2)).toBe(true);
  });

  it('is not looked for in all of a million rows', async () => {
    const need = vi.fn(() => Promise.resolve('row'));
    expect(
      await findFetched({ row: () => undefined, need }, 1_000_000, 0, 'x', (name) => name),
    ).toBe(-1);
    expect(need.mock.calls.length).toBeLessThan(10_000);
  });
});
