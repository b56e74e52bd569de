import { describe, expect, it } from 'vitest';
import type { Scope, Stroke } from '../../../renderer/keys.ts';
import {
  KEYS,
  LEADERS,
  bindingOf,
  continuations,
  keysOf,
  strokeOf,
} from '../../../renderer/keys.ts';

const stroke = (key: string, more: Partial<Stroke> = {}): Stroke => ({
  key,
  code: '',
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...more,
});

/** Scopes that are heard at the same time. */
const HEARD: readonly (readonly Scope[])[] = [
  ['everywhere', 'global', 'lists', 'trees'],
  ['everywhere', 'global', 'lists', 'memory'],
  ['everywhere', 'global', 'map'],
  ['everywhere', 'global', 'ruler'],
  ['everywhere', 'global', 'stepper'],
  ['everywhere', 'console'],
  ['everywhere', 'script'],
];

describe('the key map', () => {
  it.each(HEARD)('has no stroke twice among %s %s %s %s', (...scopes) => {
    const keys = KEYS.filter(({ scope }) => scopes.includes(scope)).map((binding) => binding.keys);
    const twice = keys.filter((each, index) => keys.indexOf(each) !== index);
    expect(twice).toEqual([]);
  });

  it('uses no leader as a key of its own', () => {
    for (const { keys } of KEYS) expect(LEADERS.has(keys), keys).toBe(false);
  });

  it('has no stroke that browsers or desktops keep for themselves', () => {
    const kept =
      /(?:^|\+)(?:F1|F3|F5|F6|F7|F9|F10|F11|F12|\/|'|Backspace)$|(?:Ctrl|Meta|Alt)\+(?:Shift\+)?[A-Z0-9]$/;
    for (const { keys } of KEYS)
      for (const each of keys.split(' ')) {
        // The context menu key of keyboards that lack one.
        if (each !== 'Shift+F10') expect(each).not.toMatch(kept);
      }
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
