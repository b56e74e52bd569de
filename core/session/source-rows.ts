/** What each source of a case is, in a line. */
import type { Dump } from '../dump/dump.ts';
import { plural } from '../format/size.ts';
import { parseAcpidump } from '../imports/acpidump.ts';
import {
  parseAmdCapability,
  parseAmdCommands,
  parseAmdDeviceTable,
  parseAmdInterrupts,
} from '../imports/amd.ts';
import { parseInterruptTranslation, parseInvalidationQueue } from '../imports/intel-interrupts.ts';
import { parseDmarTranslation, parseDomainTranslation } from '../imports/intel-tables.ts';
import { parseIomem } from '../imports/iomem.ts';
import { parseLspci } from '../imports/lspci.ts';
import type { Input, Investigation } from './investigation.ts';

export interface SourceRow {
  readonly name: string;
  readonly kind: Input['kind'];
  /** `ELF, level 31`, `dmar_translation_struct (7 devices)`, `register values of 2 units`. */
  readonly detail: string;
}

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

/** Every source as it was given, and what was read from it. */
export function sourceRows(investigation: Investigation): SourceRow[] {
  return investigation.inputs.map((input) => ({
    name: input.name,
    kind: input.kind,
    detail: detailOf(input, investigation),
  }));
}

function detailOf({ kind, text = '' }: Input, investigation: Investigation): string {
  switch (kind) {
    case 'dump':
    case 'raw':
      return investigation.dump ? dumpDetail(investigation.dump) : 'dump';
    case 'hexdump': {
      if (!investigation.hexDump) return 'hex dump, not used beside the dump';
      const whole = [...investigation.hexDump.memory.ranges()];
      const pages = whole.reduce((sum, { from, to }) => sum + to - from, 0);
      return `hex dump, ${plural(pages, 'whole page')} of memory`;
    }
    case 'registers': {
      const { registers } = investigation;
      const forms = debugfsForms(text).join(', ');
      const values = registers
        ? `register values of ${plural(registers.units.length, 'unit')} (${registers.vendor === 'intel' ? 'VT-d' : 'AMD-Vi'})`
        : 'register values';
      return forms === '' ? values : `${values}, ${forms}`;
    }
    case 'debugfs':
      return `debugfs: ${debugfsForms(text).join(', ') || 'nothing that is known'}`;
    case 'iomem':
      return `/proc/iomem, ${plural(parseIomem(text).ranges.length, 'range')}`;
    case 'lspci':
      return `lspci, ${plural(parseLspci(text).length, 'device')}`;
    case 'acpidump':
      return `acpidump: ${parseAcpidump(text)
        .tables.map(({ signature }) => signature)
        .join(', ')}`;
    case 'acpi':
      return 'ACPI table';
    case 'log':
      return 'console log';
    case 'recording':
      return 'console recording';
    case 'unknown':
      return 'unknown';
  }
}

/** The files of debugfs that stand in a text, each with how much it lists. */
function debugfsForms(text: string): string[] {
  const out: string[] = [];
  const add = (name: string, count: number, what: string, several?: string): void => {
    if (count > 0) out.push(`${name} (${plural(count, what, several)})`);
  };
  const rows = (list: readonly { readonly rows: readonly unknown[] }[]): number =>
    list.reduce((sum, each) => sum + each.rows.length, 0);
  const translation = parseDmarTranslation(text);
  add('dmar_translation_struct', rows(translation), 'entry', 'entries');
  if (translation.length > 0 && rows(translation) === 0)
    out.push('dmar_translation_struct (no entry)');
  const domains = parseDomainTranslation(text);
  add('domain_translation_struct', rows(domains), 'mapping');
  if (domains.length > 0 && rows(domains) === 0) out.push('domain_translation_struct (no mapping)');
  add('ir_translation_struct', rows(parseInterruptTranslation(text)), 'entry', 'entries');
  add('invalidation_queue', rows(parseInvalidationQueue(text)), 'descriptor');
  add('devtbl', parseAmdDeviceTable(text).length, 'entry', 'entries');
  add('irqtbl', rows(parseAmdInterrupts(text)), 'entry', 'entries');
  add('cmdbuf', rows(parseAmdCommands(text)), 'command');
  const capability = parseAmdCapability(text);
  if (capability.length > 0)
    out.push(
      `capability (${capability.map(({ offset, value }) => `0x${offset.toString(16)}: 0x${value.toString(16)}`).join(', ')})`,
    );
  return out;
}
