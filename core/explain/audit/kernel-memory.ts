import { reachHits } from './reached-rule.ts';
import { outcomeOf, skipped, type Rule } from './rule.ts';

/** Mappings of the kernel's text and read-only data. */
export const kernelText: Rule = {
  id: 'kernel-text',
  title: "No mapping reaches the kernel's text or read-only data",
  why: 'No driver hands this memory to a device: the mapping is an error or an attack, and a write through it changes the running kernel.',
  source: 'Linux, /proc/iomem: Kernel code, Kernel rodata',
  severity: 'error',
  check(state) {
    if (!state.facts.map.kernelText)
      return skipped(
        'where the kernel stands in memory: no kernel was found in the source, and no /proc/iomem was given',
      );
    return outcomeOf(
      reachHits(state, 'kernelText', 'error', 'of the kernel’s text or read-only data'),
      state.gaps,
    );
  },
};

/** Mappings of the processors' page tables. */
export const kernelTables: Rule = {
  id: 'kernel-page-tables',
  title: "No mapping reaches the kernel's page tables",
  why: 'A device that can write them can give itself any memory, and one that strays into them brings the kernel down.',
  source: 'Linux, arch/x86/mm (init_top_pgt and the tables under it)',
  severity: 'error',
  check(state) {
    if (!state.facts.map.kernelTables)
      return skipped('the kernel’s page tables: no kernel was found in the source');
    return outcomeOf(
      reachHits(state, 'kernelTables', 'error', 'of the kernel’s page tables'),
      state.gaps,
    );
  },
};
