import { hex } from '../format/hex.ts';
import { formatCount, formatSize } from '../format/size.ts';
import type { UnitFacts } from '../iommu/facts.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { Investigation } from './investigation.ts';
import { findingJson, incompleteJson, type FindingJson, type IncompleteJson } from './json.ts';
import { toldAddress } from '../imports/stated/pages.ts';
import { sourceRows, type SourceRow } from './source-rows.ts';

/** The JSON of `faultline inspect`. What is not known is null. */
export interface InspectDocument {
  readonly schema: 'faultline.inspect/1';
  readonly source: {
    readonly format: string;
    readonly flattened: boolean;
    readonly compression: readonly string[];
    readonly incomplete: boolean;
    readonly dumpLevel: number | null;
  } | null;
  /** Every source as it was given, and what was read from it. */
  readonly sources: readonly SourceRow[];
  readonly release: string | null;
  readonly machine: string | null;
  readonly commandLine: string | null;
  readonly panic: {
    readonly reason: string | null;
    readonly uptime: number | null;
    /** ISO 8601. */
    readonly time: string | null;
    readonly cpu: number | null;
    readonly causes: readonly string[];
  } | null;
  readonly crashkernel: {
    readonly start: string;
    readonly end: string;
    readonly low: { readonly start: string; readonly end: string } | null;
    readonly loaded: boolean | null;
  } | null;
  /** Page frames of 4 KiB. */
  readonly pages: {
    readonly held: number;
    readonly excluded: number;
    readonly missing: number;
  } | null;
  readonly units: readonly {
    readonly name: string;
    readonly vendor: string;
    readonly base: string | null;
    readonly mode: string | null;
    readonly table: string | null;
    readonly registersFrom: string;
  }[];
  /** Questions that this source can't answer, with the reason. */
  readonly notPossible: readonly { readonly what: string; readonly why: string }[];
  readonly findings: readonly FindingJson[];
  readonly incomplete: readonly IncompleteJson[];
}

/** What a source is, what it tells of the kernel, and what is not possible with it. */
export function inspectDocument(investigation: Investigation): InspectDocument {
  const { dump, hexDump } = investigation;
  const kernel = investigation.kernel();
  const panic = kernel?.panic();
  const crash = kernel?.crashReservation();
  const units = investigation.memory ? investigation.units() : [];
  const uts = dump?.facts.utsname;
  return {
    schema: 'faultline.inspect/1',
    source: dump
      ? {
          format: dump.format,
          flattened: dump.flattened,
          compression: dump.compression,
          incomplete: dump.incomplete,
          dumpLevel: dump.facts.dumpLevel ?? null,
        }
      : investigation.memory
        ? {
            format: hexDump ? 'hexdump' : 'debugfs',
            flattened: false,
            compression: [],
            incomplete: false,
            dumpLevel: null,
          }
        : null,
    sources: sourceRows(investigation),
    release: kernel?.release ?? uts?.release ?? null,
    machine: dump?.facts.machine ?? uts?.machine ?? null,
    commandLine: kernel?.commandLine() ?? null,
    panic: panic
      ? {
          reason: panic.reason ?? null,
          uptime: panic.uptime ?? null,
          time: panic.time === undefined ? null : new Date(panic.time * 1000).toISOString(),
          cpu: panic.cpu ?? null,
          causes: panic.causes,
        }
      : null,
    crashkernel: crash
      ? {
          start: hex(crash.start),
          end: hex(crash.end),
          low: crash.low ? { start: hex(crash.low.start), end: hex(crash.low.end) } : null,
          loaded: crash.loaded ?? null,
        }
      : null,
    pages: dump
      ? dump.counts()
      : hexDump
        ? { held: heldPages(hexDump.memory), excluded: hexDump.memory.partial().length, missing: 0 }
        : null,
    units: units.map(({ facts }) => ({
      name: facts.name,
      vendor: facts.vendor,
      base: facts.base === undefined ? null : hex(facts.base),
      mode: facts.vendor === 'intel' ? (facts.mode ?? null) : null,
      table: tableOf(facts),
      registersFrom: facts.from,
    })),
    notPossible: limits(investigation),
    findings: investigation.findings().map(findingJson),
    incomplete: incompleteJson([...(kernel?.incomplete ?? [])]),
  };
}

function heldPages(memory: PhysicalMemory): number {
  let held = 0;
  for (const { from, to } of memory.ranges()) held += to - from;
  return held;
}

function tableOf(facts: UnitFacts): string | null {
  const table = toldAddress(facts.vendor === 'intel' ? facts.rootTable : facts.deviceTable);
  return table === undefined ? null : hex(table);
}

/** What can't be answered from these sources, and why. */
function limits(investigation: Investigation): { what: string; why: string }[] {
  const out: { what: string; why: string }[] = [];
  if (!investigation.memory) {
    out.push({
      what: 'tables, walks, interrupt entries',
      why: 'no memory was given: load the dump',
    });
    return out;
  }
  if (!investigation.registers)
    out.push({
      what: 'fault recording registers, queue heads and tails, what the hardware held',
      why: "registers aren't memory: a dump doesn't hold them; give them with --registers",
    });
  if (!investigation.kernel())
    out.push(
      investigation.fromText
        ? {
            what: 'what debugfs does not list, kernel log, panic, command line',
            why: 'the text holds table entries, and no memory of the kernel: give a dump',
          }
        : { what: 'kernel log, panic, command line, drivers', why: investigation.noKernel },
    );
  if (investigation.units().length === 0)
    out.push({
      what: 'IOMMU units',
      why: 'no kernel structure and no register value leads to one',
    });
  return out;
}

/** One group of name and value for a reader. */
export interface InspectGroup {
  readonly title: string;
  readonly rows: readonly { readonly name: string; readonly value: string }[];
}

/** The same for people: groups of rows, an en dash where a value is not known. */
export function inspectGroups(document: InspectDocument): InspectGroup[] {
  const text = (value: string | number | null | undefined): string => String(value ?? '–');
  const { source, pages, panic, crashkernel } = document;
  const groups: InspectGroup[] = [];
  if (document.sources.length > 0)
    groups.push({
      title: 'Sources',
      rows: document.sources.map(({ name, detail }) => ({ name, value: detail })),
    });
  if (source && source.format !== 'debugfs')
    groups.push({
      title: source.format === 'hexdump' ? 'Memory' : 'Dump',
      rows: [
        {
          name: 'format',
          value: `${source.format}${source.flattened ? ', flattened' : ''}${source.compression.length > 0 ? `, ${source.compression.join(' ')}` : ''}${source.incomplete ? ', incomplete' : ''}`,
        },
        {
          name: 'pages held',
          value: pages ? `${formatCount(pages.held)} (${formatSize(pages.held * 4096)})` : '–',
        },
        { name: 'left out', value: pages ? formatCount(pages.excluded) : '–' },
        { name: 'missing', value: pages ? formatCount(pages.missing) : '–' },
      ],
    });
  if (document.release !== null)
    groups.push({
      title: 'Kernel',
      rows: [
        { name: 'release', value: document.release },
        { name: 'machine', value: text(document.machine) },
        { name: 'command line', value: text(document.commandLine) },
        { name: 'panic', value: text(panic?.reason) },
        { name: 'panic at', value: panic?.uptime === null || !panic ? '–' : `${panic.uptime} s` },
        { name: 'crash time', value: text(panic?.time) },
        {
          name: 'crash kernel',
          value: crashkernel
            ? `${crashkernel.start}–${crashkernel.end}${crashkernel.low ? `, ${crashkernel.low.start}–${crashkernel.low.end}` : ''}${crashkernel.loaded === false ? ', nothing loaded' : ''}`
            : '–',
        },
      ],
    });
  groups.push({
    title: 'IOMMU units',
    rows: document.units.map((unit) => ({
      name: unit.name,
      value: `${unit.vendor === 'intel' ? `VT-d${unit.mode ? `, ${unit.mode} mode` : ''}` : 'AMD-Vi'}, base ${text(unit.base)}, ${unit.vendor === 'intel' ? 'root' : 'device'} table ${text(unit.table)} (from ${unit.registersFrom})`,
    })),
  });
  if (document.notPossible.length > 0)
    groups.push({
      title: 'Not possible with this source',
      rows: document.notPossible.map(({ what, why }) => ({ name: what, value: why })),
    });
  return groups;
}
