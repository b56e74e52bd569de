import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Anchors, findAnchor } from '../../../renderer/state/anchors.ts';

/** A list of which only some rows are here. */
const known =
  (ids: readonly (string | undefined)[]) =>
  (index: number): string | undefined =>
    ids[index];

describe('the place of a list', () => {
  const rows = ['a', 'b', 'c', 'd', 'e'];

  it.each([
    ['where it was', { id: 'c', index: 2 }, rows, 2],
    ['further down, when rows came above it', { id: 'b', index: 0 }, rows, 1],
    ['further up, when rows above it went', { id: 'b', index: 4 }, rows, 1],
    ['above the end, when the list got shorter', { id: 'e', index: 90 }, rows, 4],
    ['nowhere any more', { id: 'x', index: 2 }, rows, -1],
    [
      'not known yet, while its row is not here',
      { id: 'c', index: 2 },
      ['a', 'b', undefined],
      undefined,
    ],
    ['not known yet, while the list is shorter', { id: 'x', index: 7 }, rows, undefined],
    ['its index, where the row was never here', { index: 3 }, rows, 3],
  ] as const)('is %s', (_what, anchor, ids, found) => {
    expect(findAnchor(anchor, ids.length, known(ids))).toBe(found);
  });

  it('is found wherever its row is, if that is not far', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), fc.nat(500), (count, at, was) => {
        const ids = Array.from({ length: count + 1 }, (_, index) => `row ${index}`);
        const target = at % ids.length;
        expect(findAnchor({ id: `row ${target}`, index: was }, ids.length, known(ids))).toBe(
          target,
        );
      }),
    );
  });
});

describe('the places that are kept', () => {
  it('come back from a saved view as they were', () => {
    const kept = new Anchors();
    expect(kept.set('faults', { id: '#7', index: 6 })).toBe(true);
    expect(kept.set('faults', { id: '#7', index: 6 })).toBe(false);
    kept.set('memory', { index: 12 });
    const again = new Anchors();
    again.read(JSON.stringify({ anchors: kept }));
    expect(again.get('faults')).toEqual({ id: '#7', index: 6 });
    expect(again.get('memory')).toEqual({ index: 12 });
  });

  it('are those of the lists that were scrolled last', () => {
    const kept = new Anchors();
    for (let n = 0; n < 80; n++) kept.set(`compare ${n}`, { index: n });
    expect(kept.get('compare 0')).toBeUndefined();
    expect(kept.get('compare 79')).toEqual({ index: 79 });
    expect(Object.keys(kept.toJSON())).toHaveLength(64);
  });

  it.each([
    ['', undefined],
    ['no JSON', '{'],
    ['null', 'null'],
    ['places that are none', '{"anchors":{"faults":{"index":-1},"tables":{"index":"2"},"map":4}}'],
  ])('are none in %s', (_what, state) => {
    const kept = new Anchors();
    kept.read(state);
    expect(kept.toJSON()).toEqual({});
  });
});
