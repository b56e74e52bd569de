import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  bindingOf,
  continuations,
  keymap,
  keysOf,
  resetKeys,
  setKeys,
  strokeIn,
  takeOwnKeys,
} from '../../../renderer/keymap.ts';
import type { Stroke } from '../../../renderer/keys.ts';
import { KEYS } from '../../../renderer/keys.ts';
import { ROOT } from '../../support/captures.ts';

const RENDERER = join(ROOT, 'renderer');

const stroke = (key: string, more: Partial<Stroke> = {}): Stroke => ({
  key,
  code: '',
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...more,
});

describe('keys that a person set', () => {
  afterEach(resetKeys);

  it('every binding of the map can have other keys, alone in its scope', () => {
    for (const { id, keys } of keymap.get().bindings) {
      expect(setKeys(id, 'Shift+F4'), id).toBeUndefined();
      expect(keymap.get().bindings.find((each) => each.id === id)?.keys).toBe('Shift+F4');
      expect(setKeys(id, keys), id).toBeUndefined();
    }
    expect(keymap.get().own).toEqual({});
  });

  it('the new keys are heard and shown everywhere, the old ones no more', () => {
    expect(setKeys('global G T', 'G B')).toBeUndefined();
    expect(keysOf('go.tables')).toBe('G B');
    expect(bindingOf('B', 'G', ['global'])?.action).toBe('go.tables');
    expect(bindingOf('T', 'G', ['global'])).toBeUndefined();
    expect(continuations('G').map(({ keys }) => keys)).toContain('G B');
  });

  it('handlers of a scope know a stroke by the keys that it came with', () => {
    expect(strokeIn(stroke('+'), 'memory')).toBe('+');
    setKeys('memory +', 'W');
    expect(strokeIn(stroke('w'), 'memory')).toBe('+');
    expect(strokeIn(stroke('+'), 'memory')).toBeUndefined();
    expect(strokeIn(stroke('+'), 'map')).toBe('+');
    expect(strokeIn(stroke('Tab'), 'memory')).toBe('Tab');
  });

  it.each([
    ['what another key of the window has', 'global G T', 'G F', 'G F is already "Faults".'],
    ['what a list has', 'global F', 'J', 'J is already "Row down".'],
    ['what begins other keys', 'global F', 'G', 'G begins other keys'],
    ['what continues a key', 'global G T', 'F T', 'F is already "Filter or find'],
    ["the browser's own", 'global F', 'F5', 'F5 belongs to the browser'],
    ["the browser's own", 'global F', 'Ctrl+W', 'Ctrl+W belongs to the browser'],
    ['text in fields, for what works there', 'everywhere F2', 'Y', 'Y is text in a field'],
    ['two strokes in a list', 'lists J', 'G J', 'two strokes works only'],
    ['two strokes after no letter', 'global F', '= B', 'begins with a letter'],
    ['nothing', 'global F', '', 'one stroke'],
    ['a key of nothing', 'global no', 'B', 'no such key'],
  ])('refuses %s', (_, id, keys, why) => {
    const before = keymap.get();
    expect(setKeys(id, keys)).toContain(why);
    expect(keymap.get()).toBe(before);
  });

  it('takes what was saved, swapped keys too, and leaves out what clashes or is unknown', () => {
    takeOwnKeys({
      'global [': ']',
      'global ]': '[',
      'global G T': 'G F',
      'global V T': 'F5',
      'of another version': 'B',
    });
    expect(keymap.get().own).toEqual({ 'global [': ']', 'global ]': '[' });
    expect(keysOf('fault.next')).toBe('[');
    takeOwnKeys({});
    expect(keymap.get().bindings.map(({ keys }) => keys)).toEqual(KEYS.map(({ keys }) => keys));
  });
});

/** Keys that nobody can move: those of the browser's own dialogs, and of buttons. */
const FIXED = /<kbd>(?:Esc|Enter)<\/kbd>/g;

describe('keys in the words of the window', () => {
  const sources = readdirSync(RENDERER, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !/^keys\.ts$/.test(name))
    .map((name) => {
      const text = readFileSync(join(RENDERER, name), 'utf8');
      return [name, text.replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, '')] as const;
    });

  it.each(sources)('%s has them from the map', (_, text) => {
    expect(text.replaceAll(FIXED, '').match(/<kbd>[^<{]*<\/kbd>/g)).toBeNull();
    expect(text.match(/(?<!\w)[GNTV] [A-Z0-9](?!\w)/g)).toBeNull();
    expect(text.match(/[a-z] \((?:Shift\+)?[A-Z]\)['"`]/g)).toBeNull();
  });
});
