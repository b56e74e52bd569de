import { bits } from '../../bits/layout.ts';
import type { InterruptEntry, InterruptTable } from '../../iommu/unit.ts';
import { outcomeOf, skipped, type Hit, type Rule } from './rule.ts';
import type { AuditState } from './state.ts';

/** CONTROL.GAEn and CONTROL.XTEn (48882 rev 3.08 §3.4.3). */
const GA_ENABLED = 28;
const XT_ENABLED = 50;

/** Interrupt destinations in a mode that the unit is not in. */
export const x2apic: Rule = {
  id: 'x2apic-mode',
  title: 'Interrupt destinations fit the mode that the units are in',
  why: 'An entry with a destination of the other mode sends its interrupt to a processor that does not exist; a crash kernel that changes the mode loses all interrupts that it copied.',
  source: 'VT-d 5.10 §9.9 and §11.4.10 (EIME); 48882 rev 3.08 §2.2.5.2 and §3.4.3 (XTEn, GAEn)',
  severity: 'error',
  check(state) {
    const known = state.units.filter(({ unit: { facts } }) =>
      facts.vendor === 'intel'
        ? facts.interrupts?.extended !== undefined
        : facts.control !== undefined,
    );
    if (known.length === 0)
      return skipped('the interrupt mode: it stands in registers that nobody read');
    const hits: Hit[] = [];
    const modes = new Set<boolean>();
    for (const { unit } of known) {
      const { facts } = unit;
      if (facts.vendor === 'intel') {
        const extended = facts.interrupts!.extended!;
        modes.add(extended);
        if (!extended)
          hits.push(...wideDestinations(facts.name, tablesOf(state, facts.name), isWideIntel));
        if (extended && state.facts.x2apicOptOut)
          hits.push({
            at: `${facts.name}/irq`,
            severity: 'warning',
            text: `${facts.name} is in x2APIC mode although the firmware asks for it to stay off (X2APIC_OPT_OUT): a kernel that obeys can't use the copied table.`,
            evidence: [],
          });
      } else {
        const control = facts.control!;
        const extended = bits([control], XT_ENABLED, XT_ENABLED) === 1n;
        modes.add(extended);
        if (extended && bits([control], GA_ENABLED, GA_ENABLED) === 0n)
          hits.push({
            at: facts.name,
            severity: 'error',
            text: `${facts.name} has XTEn set without GAEn: entries of 32 bits can't hold x2APIC destinations.`,
            evidence: [{ what: 'CONTROL', words: [control], field: 'XTEn' }],
          });
        if (!extended)
          hits.push(...wideDestinations(facts.name, tablesOf(state, facts.name), isWideAmd));
      }
    }
    if (modes.size > 1)
      hits.push({
        at: known[0].unit.facts.name,
        severity: 'warning',
        text: 'Some units are in x2APIC mode and others are not; Linux uses one mode for all.',
        evidence: [],
      });
    return outcomeOf(hits);
  },
};

function tablesOf(state: AuditState, name: string): readonly InterruptTable[] {
  return state.interrupts.find(({ unit }) => unit.facts.name === name)?.tables ?? [];
}

/** Destination bits that only x2APIC mode has: VT-d's outside of 47:40. */
const isWideIntel = ({ entry: { words }, posted }: InterruptEntry): boolean =>
  !posted && (bits(words, 39, 32) !== 0n || bits(words, 63, 48) !== 0n);

/** AMD-Vi's above the low 8, in entries of 128 bits that go to a host processor. */
const isWideAmd = ({ entry: { words, layout }, posted }: InterruptEntry): boolean =>
  layout.width === 128 && !posted && (bits(words, 31, 16) !== 0n || bits(words, 127, 120) !== 0n);

/** Present entries with destinations that the unit's mode does not have. */
function wideDestinations(
  name: string,
  tables: readonly InterruptTable[],
  isWide: (entry: InterruptEntry) => boolean,
): Hit[] {
  const wide = tables.flatMap(({ entries }) => entries.filter(isWide));
  if (wide.length === 0) return [];
  return [
    {
      at: wide[0].entry.path,
      severity: 'error',
      text: `${wide.length} entries of ${name} have destinations that only x2APIC mode has, and the unit is in xAPIC mode.`,
      evidence: wide.slice(0, 8).map(({ index, entry: { address, words, layout } }) => ({
        what: `interrupt remapping table entry ${index}`,
        address,
        words,
        field: layout.byName.has('DST') ? 'DST' : 'Destination',
      })),
    },
  ];
}
