import { decodeDte, pointsToInterruptTable } from '../../amdvi/dte.ts';
import { outcomeOf, skipped, type Hit, type Rule } from './rule.ts';
import type { AuditState } from './state.ts';

/** Entries of Linux's interrupt remapping table of VT-d (INTR_REMAP_TABLE_ENTRIES). */
const INTEL_ENTRIES = 65_536;
/** Lengths that Linux gives AMD-Vi tables, by its version and what the unit supports. */
const AMD_ENTRIES: readonly number[] = [256, 512, 2048];

/** Interrupt tables whose length a crash kernel would not accept. */
export const interruptLength: Rule = {
  id: 'interrupt-table-length',
  title: 'Interrupt tables have the length that Linux uses',
  why: 'Linux copies an old interrupt table only if it is as long as its own: otherwise it refuses the tables, and the first kernel’s interrupts fault.',
  source:
    'Linux 6.3, drivers/iommu/intel/irq_remapping.c (iommu_load_old_irte), drivers/iommu/amd/init.c (copy_device_table)',
  severity: 'warning',
  check(state) {
    const hits = [...intelHits(state), ...amdHits(state)];
    const asked = state.units.some(({ unit: { facts } }) =>
      facts.vendor === 'intel' ? facts.interrupts && facts.from !== 'kernel' : true,
    );
    if (!asked && hits.length === 0)
      return skipped('the interrupt table’s length: it stands in a register that nobody read');
    return outcomeOf(hits);
  },
};

function intelHits(state: AuditState): Hit[] {
  return state.units.flatMap(({ unit: { facts } }) => {
    if (facts.vendor !== 'intel' || !facts.interrupts || facts.from === 'kernel') return [];
    const { capacity, table } = facts.interrupts;
    if (capacity === INTEL_ENTRIES) return [];
    return [
      {
        at: `${facts.name}/irq`,
        severity: 'warning' as const,
        text: `The table of ${facts.name} has ${capacity} entries; Linux’s crash kernel takes over tables of ${INTEL_ENTRIES} only.`,
        evidence: [{ what: 'interrupt remapping table', address: table, field: 'S' }],
      },
    ];
  });
}

function amdHits(state: AuditState): Hit[] {
  const hits: Hit[] = [];
  const lengths = new Map<number, string>();
  for (const { unit, list } of state.units) {
    if (unit.facts.vendor !== 'amd') continue;
    for (const device of list.devices) {
      if (device.pasid !== undefined) continue;
      const dte = decodeDte(device.entry.words);
      if (!dte.interruptValid || (dte.interruptControl === 0 && dte.interruptCapacity === 1))
        continue;
      const remapped = pointsToInterruptTable(dte);
      if (remapped) lengths.set(dte.interruptCapacity, device.bdf);
      if (remapped && AMD_ENTRIES.includes(dte.interruptCapacity)) continue;
      hits.push({
        at: device.entry.path,
        severity: 'warning',
        text: remapped
          ? `The interrupt table of ${device.bdf} has ${dte.interruptCapacity} entries, a length that no Linux uses: a crash kernel refuses the whole device table.`
          : `The entry of ${device.bdf} has IntCtl ${dte.interruptControl}: a crash kernel refuses the whole device table ("Wrong old irq remapping flag").`,
        evidence: [
          {
            what: 'DTE',
            address: device.entry.address,
            words: device.entry.words,
            field: remapped ? 'IntTabLen' : 'IntCtl',
          },
        ],
      });
    }
  }
  if (lengths.size > 1)
    hits.push({
      at: state.units[0].unit.facts.name,
      severity: 'warning',
      text: `Interrupt tables have different lengths (${[...lengths.keys()].map((each) => `${each}`).join(', ')} entries); a crash kernel accepts only its own.`,
      evidence: [...lengths].map(([entries, bdf]) => ({
        what: bdf,
        meaning: `${entries} entries`,
      })),
    });
  return hits;
}
