import { parseBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { InterruptEntry, InterruptTable, Unit } from '../iommu/unit.ts';
import type { Check, ExplainContext, Judgement } from './judgement.ts';
import type { VerdictId } from './verdicts.ts';

/** VT-d fault reasons of interrupt remapping (VT-d 4.1 §7.1.3, table 23). */
const BEYOND = 0x21;
const COMPATIBILITY = 0x25;
const SOURCE = 0x26;

/** Explains a refused interrupt by the entry of the interrupt remapping table that it names. */
export function explainInterrupt(fault: FaultRecord, context: ExplainContext): Judgement {
  if (fault.reason === COMPATIBILITY)
    return judgement(
      'interrupt-compatibility',
      'The device sent an interrupt in compatibility format, which carries no index, while the unit accepts only remappable ones: an old message address was left in its MSI registers, or its driver wrote a raw one.',
      'not asked: compatibility-format requests name no entry',
      [],
      undefined,
    );
  const found = locate(fault, context.units);
  if (!found)
    return judgement(
      'undecided',
      'No interrupt remapping table of this unit is at hand, or the record names no index.',
      "can't be read",
      [],
      undefined,
    );
  const { unit, table, entry } = found;
  const sameKernel: Check = {
    text: 'the table belongs to the kernel that printed the fault',
    passed: context.tablesOf === undefined ? undefined : context.tablesOf === fault.kernel,
  };
  const index = fault.index!;
  if (index >= table.capacity)
    return judgement(
      'interrupt-index-beyond',
      `Index ${index} lies beyond the table at ${hex(table.table)}, which has ${table.capacity} entries.`,
      `table of ${table.capacity} entries`,
      [agreement(fault, BEYOND), sameKernel],
      unit,
    );
  if (!entry)
    return judgement(
      'undecided',
      `The page of entry ${index} can't be read.`,
      "can't be read",
      [sameKernel],
      unit,
    );
  const evidence = [
    {
      what: `interrupt remapping table entry ${index}`,
      address: entry.entry.address,
      words: entry.entry.words,
    },
  ];
  if (!entry.present)
    return {
      ...judgement(
        'interrupt-entry-absent',
        `Entry ${index} at ${hex(entry.entry.address)} is not present: the kernel that owned the interrupt is gone, or freed it while the device still sent it.`,
        'entry not present',
        [agreement(fault, 0x22), sameKernel],
        unit,
      ),
      evidence,
    };
  if (
    entry.source !== undefined &&
    fault.bdf !== undefined &&
    parseBdf(entry.source)?.id !== parseBdf(fault.bdf)?.id
  )
    return {
      ...judgement(
        'interrupt-source-failed',
        `Entry ${index} belongs to ${entry.source}; the request came from ${fault.bdf}.`,
        `entry of ${entry.source}`,
        [agreement(fault, SOURCE), sameKernel],
        unit,
      ),
      evidence,
    };
  return {
    ...judgement(
      'interrupt-stale-cache',
      `Entry ${index} is present and allows ${fault.bdf ?? 'the requester'}: the unit answered from an older entry in its interrupt entry cache.`,
      `present, vector ${hex(entry.vector ?? 0)}`,
      [sameKernel],
      unit,
    ),
    evidence,
  };
}

function agreement(fault: FaultRecord, reason: number): Check {
  return {
    text: 'the entry explains what the hardware reported',
    passed: fault.reason === undefined ? undefined : fault.reason === reason,
  };
}

function locate(
  fault: FaultRecord,
  units: readonly Unit[],
): { unit: Unit; table: InterruptTable; entry: InterruptEntry | undefined } | undefined {
  if (fault.index === undefined) return undefined;
  for (const unit of units) {
    if (unit.facts.from === 'simulated') continue;
    for (const table of unit.interrupts(true)) {
      if (
        unit.facts.vendor === 'amd' &&
        fault.bdf !== undefined &&
        !table.devices.includes(fault.bdf)
      )
        continue;
      return { unit, table, entry: table.entries.find((entry) => entry.index === fault.index) };
    }
  }
  return undefined;
}

function judgement(
  verdict: VerdictId,
  text: string,
  tablesSay: string,
  checks: readonly Check[],
  unit: Unit | undefined,
): Judgement {
  return { verdict, text, tablesSay, checks, evidence: [], unit, walk: undefined };
}
