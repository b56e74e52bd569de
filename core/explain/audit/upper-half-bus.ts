import { byteDigits, hex } from '../../format/hex.ts';
import { outcomeOf, skipped, type Hit, type Rule } from './rule.ts';
import { SCALABLE_ROOT_ENTRY } from '../../vtd/tables.ts';

/** Buses of which only functions from 10.0 up have a context table. */
export const upperHalfBus: Rule = {
  id: 'upper-half-bus',
  title: 'No bus has only the upper half of its scalable-mode root entry',
  why: 'Linux’s crash kernels (4.2 to at least 7.1.5) store the copied table of such a bus in the lower half: its devices fault with reason 0x39 in the crash kernel.',
  source: 'Linux commit 091d42e43d21 and the fix posted for it in 2026-06; VT-d 4.1 §9.2',
  severity: 'warning',
  check(state) {
    const scalable = state.units.filter(
      ({ unit: { facts } }) => facts.vendor === 'intel' && facts.mode === 'scalable',
    );
    if (scalable.length === 0) return skipped('a VT-d unit in scalable mode: there is none');
    const hits: Hit[] = [];
    for (const { unit, list } of scalable) {
      const buses = new Set(list.devices.map(({ id }) => id >> 8));
      for (const bus of buses) {
        const entry = unit.entry(`${unit.facts.name}/bus.${byteDigits(bus)}`);
        if (entry?.layout !== SCALABLE_ROOT_ENTRY) continue;
        if ((entry.words[0] & 1n) !== 0n || (entry.words[1] & 1n) === 0n) continue;
        hits.push({
          at: entry.path,
          severity: 'warning',
          text: `Bus ${hex(bus)} of ${unit.facts.name} has only functions from 10.0 up: crash kernels lose them.`,
          evidence: [
            {
              what: 'scalable-mode root entry',
              address: entry.address,
              words: entry.words,
              field: 'LP',
              meaning: 'LP is 0, UP is 1',
            },
          ],
        });
      }
    }
    return outcomeOf(hits);
  },
};
