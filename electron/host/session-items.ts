import type { Dump } from '../../core/dump/dump.ts';
import { hex } from '../../core/format/hex.ts';
import type { UnitFacts } from '../../core/iommu/facts.ts';
import type { UnitInfo } from '../../core/protocol/contract.ts';

const FORMATS: Readonly<Record<Dump['format'], string>> = {
  elf: 'ELF',
  kdump: 'kdump',
  lime: 'LiME',
  avml: 'AVML',
  raw: 'raw image',
};

/** `ELF`, `kdump, zlib, level 31`. */
export function dumpDetail(dump: Dump): string {
  const parts = [FORMATS[dump.format], ...dump.compression];
  if (dump.flattened) parts.push('flattened');
  if (dump.facts.dumpLevel) parts.push(`level ${dump.facts.dumpLevel}`);
  if (dump.incomplete) parts.push('incomplete');
  return parts.join(', ');
}

export function unitInfo(facts: UnitFacts): UnitInfo {
  return {
    name: facts.name,
    vendor: facts.vendor,
    mode: facts.vendor === 'intel' ? (facts.mode ?? 'mode unknown') : 'AMD-Vi',
    segment: facts.segment,
    base: facts.base === undefined ? undefined : hex(facts.base),
    from: facts.from,
    translationEnabled: facts.translationEnabled,
  };
}
