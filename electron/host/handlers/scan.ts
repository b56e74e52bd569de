import { Failure } from '../../../core/memory/failure.ts';
import { isKnown, pfnOf } from '../../../core/memory/physical.ts';
import type { FoundTable } from '../../../core/protocol/contract-scan.ts';
import type { CallHandlers } from '../../../core/protocol/server.ts';
import type { CandidateJson } from '../../../core/session/scan-document.ts';
import { givenRegisters } from '../../../core/session/table-registers.ts';
import type { Workbench } from '../workbench.ts';

/** Tables of one answer. */
const MAX_LISTED = 200;

/** What a person looks for first; page tables and context tables belong to these. */
const ROOT = /root-table$|^device-table$|^interrupt-table$/;

/** Tables without a kernel: found by a scan, or given by their address. */
export function scanCalls(bench: Workbench): CallHandlers {
  const unitNames = (): string[] => bench.worlds.captured().map(({ facts }) => facts.name);
  return {
    'scan.run': async (_request, { signal }) => {
      const { candidates, pages, notes, registers } = await bench.analyses.scan(signal);
      const roots = candidates.filter(({ kind }) => ROOT.test(kind));
      return {
        tables: roots.slice(0, MAX_LISTED).map(foundTable),
        more: Math.max(0, roots.length - MAX_LISTED),
        pages,
        notes: [...notes],
        usable: registers !== null,
      };
    },
    'scan.use': async (_request, { signal }) => {
      const { registers } = await bench.analyses.scan(signal);
      if (!registers)
        throw new Failure(
          'unreadable',
          'No table was found that could be used.',
          'None of them is sure enough to be taken as that of a unit.',
          'Choose one of the list, or give the address of a root table.',
        );
      await bench.openings.giveRegisters(registers);
      return { units: unitNames() };
    },
    'tables.give': async ({ kind, address: text, entries }) => {
      const address = BigInt(text);
      if ((address & 0xfffn) !== 0n)
        throw new Failure(
          'usage',
          `${text} is not the address of a page.`,
          'Root tables and device tables begin on a page: the last three digits are 0.',
          'Give the address without its lower bits.',
        );
      const memory = bench.investigation?.memory;
      const page = memory?.page(pfnOf(address));
      if (page === undefined || !isKnown(page))
        throw new Failure(
          'unreadable',
          `The page at ${text} is not known${page === undefined ? '' : ` (${page})`}.`,
          'No table can be read from it.',
          'Give another address, or a dump that holds this page.',
        );
      await bench.openings.giveRegisters(givenRegisters({ kind, address, entries }));
      return { units: unitNames() };
    },
  };
}

function foundTable(candidate: CandidateJson): FoundTable {
  const { kind, vendor, address, score, why, devices, entries, units } = candidate;
  return {
    kind,
    vendor: vendor === 'amd' ? 'amd' : 'intel',
    address,
    score,
    why: [...why],
    devices: devices.length,
    entries,
    units: units?.map(({ name }) => name) ?? [],
  };
}
