import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  complete,
  completionAt,
  fieldChoices,
  settled,
  tokens,
} from '../../../renderer/panels/faults/completion.ts';

/** The caret stands at `|`. */
const at = (text: string) => completionAt(text.replace('|', ''), text.indexOf('|'));

describe('filter completion', () => {
  it.each([
    ['|', { kind: 'field', field: undefined, prefix: '' }],
    ['re|', { kind: 'field', field: undefined, prefix: 're' }],
    ['bdf:00:06.0 acc|', { kind: 'field', field: undefined, prefix: 'acc' }],
    ['bdf:00|', { kind: 'value', field: 'bdf', prefix: '00' }],
    ['kind:dma,in|', { kind: 'value', field: 'kind', prefix: 'in' }],
    ['not (reason==0x|)', { kind: 'value', field: 'reason', prefix: '0x' }],
    ['REASON:0|', { kind: 'value', field: 'reason', prefix: '0' }],
  ])('%s', (text, expected) => {
    expect(at(text)).toMatchObject(expected);
  });

  it('offers nothing inside quotes', () => {
    expect(at('bdf:00:06.0 "PTE re|')).toBeUndefined();
    expect(at('"a b" re|')).toMatchObject({ prefix: 're' });
  });

  it('puts a choice in the place of the word', () => {
    const place = at('bdf:00:|06.0 access:w');
    expect(place).toBeDefined();
    expect(complete('bdf:00:06.0 access:w', place!, '02:00.0')).toEqual({
      text: 'bdf:02:00.0 access:w',
      caret: 11,
    });
  });

  it.each([
    ['add|', ''],
    ['access:w add|', 'access:w'],
    ['access:w hpsa|', 'access:w hpsa'],
    ['access:w addr:|', 'access:w addr:'],
    ['bdf:00:06.0 no|', 'bdf:00:06.0'],
    ['"add|', '"add'],
  ])('%s counts as "%s" while it is typed', (text, asked) => {
    expect(settled(text.replace('|', ''), text.indexOf('|'))).toBe(asked);
  });

  it('lists the fields of the language', () => {
    expect(fieldChoices('r').map(({ text }) => text)).toEqual(['reason:']);
    expect(fieldChoices('n').map(({ text }) => text)).toEqual(['not ']);
    expect(fieldChoices('').length).toBeGreaterThan(12);
  });
});

describe('filter colours', () => {
  it('tells fields, operators, words and values apart', () => {
    expect(
      tokens('kind:dma,intr not "a b"')
        .filter(({ text }) => text.trim() !== '')
        .map(({ kind, text }) => `${kind} ${text}`),
    ).toEqual([
      'field kind',
      'operator :',
      'value dma',
      'operator ,',
      'value intr',
      'word not',
      'value "a b"',
    ]);
  });

  it('loses no character of any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(
          tokens(text)
            .map((token) => token.text)
            .join(''),
        ).toBe(text);
      }),
    );
  });
});
