import { describe, expect, it } from 'vitest';
import { bindingOf, continuations, keysOf } from '../../../renderer/keymap.ts';
import type { Stroke } from '../../../renderer/keys.ts';
import {
  KEYS,
  TOGETHER,
  isKept,
  leadersOf,
  strokeOf,
  writtenStroke,
} from '../../../renderer/keys.ts';

const LEADERS = leadersOf(KEYS);

const stroke = (key: string, more: Partial<Stroke> = {}): Stroke => ({
  key,
  code: '',
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...more,
});

describe('the key map', () => {
  it.each(TOGETHER.map((scopes) => [scopes.join(', '), scopes] as const))(
    'has no stroke twice among %s',
    (_, scopes) => {
      const keys = KEYS.filter(({ scope }) => scopes.includes(scope)).map(
        (binding) => binding.keys,
      );
      const twice = keys.filter((each, index) => keys.indexOf(each) !== index);
      expect(twice).toEqual([]);
    },
  );

  it('uses no leader as a key of its own', () => {
    for (const { keys } of KEYS) expect(LEADERS.has(keys), keys).toBe(false);
  });

  it('has no stroke that browsers or desktops keep for themselves', () => {
    for (const { keys } of KEYS)
      for (const each of keys.split(' ')) expect(isKept(each), each).toBe(false);
    for (const each of ['F5', 'Ctrl+T', 'Ctrl+Shift+P', 'Alt+D', '/', "'", 'Backspace', 'F12'])
      expect(isKept(each), each).toBe(true);
  });

  it('hears every scope together with others', () => {
    expect(new Set(TOGETHER.flat())).toEqual(new Set(KEYS.map(({ scope }) => scope)));
  });

  it('names every action in words', () => {
    for (const { text, action } of KEYS) expect(text, action).toMatch(/^[A-Z].+/);
  });

  it('lists what may follow a leader', () => {
    expect(continuations('G').map(({ keys }) => keys)).toContain('G T');
    expect([...LEADERS].sort()).toEqual(['G', 'N', 'T', 'V']);
  });

  it('finds bindings by scope', () => {
    expect(bindingOf('T', 'G', ['global'])?.action).toBe('go.tables');
    expect(bindingOf('T', undefined, ['global'])).toBeUndefined();
    expect(bindingOf('F2', undefined, ['everywhere'])?.action).toBe('palette.open');
    expect(keysOf('go.faults')).toBe('G F');
    expect(keysOf('nothing')).toBeUndefined();
  });
});

describe('a stroke in its box', () => {
  it.each([
    ['Left', '←'],
    ['Shift+Right', 'Shift+→'],
    ['Alt+Left', 'Alt+←'],
    ['PgUp', 'PgUp'],
    ['PgDn', 'PgDn'],
    ['Shift+C', 'Shift+C'],
    ['+', '+'],
    ['Enter', 'Enter'],
  ])('%s is written %s', (keys, expected) => {
    expect(writtenStroke(keys)).toBe(expected);
  });
});

describe('strokeOf', () => {
  it.each<[Stroke, string | undefined]>([
    [stroke('g'), 'G'],
    [stroke('G', { shiftKey: true }), 'Shift+G'],
    [stroke('?', { shiftKey: true }), '?'],
    [stroke('*', { shiftKey: true }), '*'],
    [stroke('ArrowLeft', { altKey: true }), 'Alt+Left'],
    [stroke('Enter', { ctrlKey: true, shiftKey: true }), 'Ctrl+Shift+Enter'],
    [stroke(' '), 'Space'],
    [stroke('Escape'), 'Esc'],
    [stroke('F8', { shiftKey: true }), 'Shift+F8'],
    [stroke('п', { code: 'KeyG' }), 'G'],
    [stroke('Shift', { shiftKey: true }), undefined],
  ])('%j is %s', (event, expected) => {
    expect(strokeOf(event)).toBe(expected);
  });
});
