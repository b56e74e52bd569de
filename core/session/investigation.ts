import { amdFacts } from '../amdvi/facts.ts';
import { amdUnit } from '../amdvi/unit.ts';
import type { Dump } from '../dump/dump.ts';
import { openDump } from '../dump/open.ts';
import { formatBdf } from '../format/bdf.ts';
import { parseAcpidump } from '../imports/acpidump.ts';
import { parseHexDump, type HexDump } from '../imports/hex-dump.ts';
import { identifyImport } from '../imports/identify.ts';
import { parseIommuRegset } from '../imports/intel-registers.ts';
import { parseIomem, type IomemText } from '../imports/iomem.ts';
import { parseLspci, type PciDevice } from '../imports/lspci.ts';
import { statedUnit, statedUnits, type Stated } from '../imports/stated/stated.ts';
import type { UnitFacts } from '../iommu/facts.ts';
import type { Finding, Incomplete } from '../iommu/finding.ts';
import type { Unit } from '../iommu/unit.ts';
import { openKernelSteps, type Kernel } from '../linux/kernel.ts';
import { Failure } from '../memory/failure.ts';
import { OverlayMemory } from '../memory/overlay.ts';
import { isKnown, pfnOf, type PhysicalMemory } from '../memory/physical.ts';
import type { ByteSource, Platform } from '../memory/platform.ts';
import { finish, type Steps } from '../memory/steps.ts';
import { intelFactsFromRegisters } from '../vtd/facts.ts';
import { intelUnit } from '../vtd/unit.ts';
import { identify, type SourceKind } from './identify.ts';
import { amdRegisterUnits, parseRegisters, type RegisterDocument } from './register-file.ts';
import { byteDigits } from '../format/hex.ts';

/** A register document or an ACPI table is small; anything larger is something else. */
const SMALL_LIMIT = 4 << 20;

/** A pasted text is read at once; a larger one is refused. */
const TEXT_LIMIT = 64 << 20;

export interface OpenOptions {
  readonly platform: Platform;
  /** What the sources are, overriding what their content says. */
  readonly as?: SourceKind | 'raw';
  /** Physical address of the first byte of a raw image. */
  readonly rawBase?: bigint;
  /** Bound of the page cache, bytes. */
  readonly cacheBytes?: number;
  /** Called while a memory without VMCOREINFO is searched for a kernel, with page frames. */
  readonly progress?: (done: number, all: number) => void;
}

/** One source as it was given, and what it is taken for. */
export interface Input {
  readonly name: string;
  readonly kind: SourceKind | 'raw';
  /** The text of a pasted one. */
  readonly text?: string;
}

/**
 * What was opened, as one case: at most one memory, the registers that were given, the units that
 * follow from both, and the consoles. Nothing is decoded before it is asked for.
 */
export class Investigation {
  readonly platform: Platform;
  readonly dump: Dump | undefined;
  readonly memory: OverlayMemory | undefined;
  /** The memory without what was changed here. */
  readonly original: PhysicalMemory | undefined;
  readonly registers: RegisterDocument | undefined;
  /** Console logs and recordings, in the order given. */
  readonly logs: readonly { readonly source: ByteSource; readonly kind: 'log' | 'recording' }[];
  /** ACPI tables that were given as files. */
  readonly acpi: readonly Uint8Array[];
  /** Texts of debugfs; the parsers of core/imports each pick their part out of them. */
  readonly debugfs: readonly string[];
  /** What lspci printed. */
  readonly pciText: string | undefined;
  readonly iomem: IomemText | undefined;
  readonly hexDump: HexDump | undefined;
  /** Every source in the order given; registers of an option stand last. */
  readonly inputs: readonly Input[];
  readonly #imported: readonly Finding[];
  readonly #progress: OpenOptions['progress'];
  #kernel: Kernel | undefined;
  #kernelTried = false;
  #noKernel = '';
  #units: readonly Unit[] | undefined;
  #stated: Stated | undefined;
  #pci: ReadonlyMap<string, PciDevice> | undefined;

  constructor(parts: {
    platform: Platform;
    dump: Dump | undefined;
    registers: RegisterDocument | undefined;
    logs: Investigation['logs'];
    acpi?: readonly Uint8Array[];
    imported?: ImportedTexts;
    inputs?: readonly Input[];
    progress?: OpenOptions['progress'];
  }) {
    this.platform = parts.platform;
    this.dump = parts.dump;
    const texts = parts.imported;
    this.registers = parts.registers;
    this.hexDump = parts.dump ? undefined : texts?.hexDump;
    this.#stated = statedUnits(texts?.debugfs ?? [], parts.registers);
    this.original = parts.dump?.memory ?? textMemory(this.hexDump, this.#stated);
    this.memory = this.original && new OverlayMemory(this.original);
    this.inputs = parts.inputs ?? [];
    this.logs = parts.logs;
    this.acpi = parts.acpi ?? [];
    this.#progress = parts.progress;
    this.debugfs = texts?.debugfs ?? [];
    this.pciText = texts?.pciText;
    this.iomem = texts?.iomem;
    this.#imported = texts?.findings ?? [];
  }

  /** The crashed kernel, found in the dump; undefined when there is none (see `noKernel`). */
  kernel(): Kernel | undefined {
    return finish(this.findKernel(), this.#progress);
  }

  /**
   * The same in steps: a memory without VMCOREINFO is searched whole, which takes long. Whoever
   * has others to answer runs it before anything else asks for the kernel.
   */
  *findKernel(): Steps<Kernel | undefined> {
    if (!this.#kernelTried && this.memory) {
      const { vmcoreinfo } = this.dump ?? {};
      const opened = yield* openKernelSteps(this.memory, { vmcoreinfo });
      this.#kernelTried = true;
      if (opened instanceof Failure) this.#noKernel = opened.line();
      else this.#kernel = opened;
    }
    return this.#kernel;
  }

  /** Why there is no kernel to ask, in words; empty when there is one or nobody asked. */
  get noKernel(): string {
    return this.#noKernel;
  }

  /**
   * The IOMMU units: by the registers that were given, else by the kernel's structures, else by
   * what debugfs texts state.
   */
  units(): readonly Unit[] {
    this.#units ??= this.makeUnits();
    return this.#units;
  }

  /** The same units anew, over a memory that changed since or that watches what is read. */
  makeUnits(memory: PhysicalMemory | undefined = this.memory): readonly Unit[] {
    return memory ? this.#findUnits(memory) : [];
  }

  /** Whether the tables are what debugfs texts list, and no memory was given. */
  get fromText(): boolean {
    return !this.dump && !this.hexDump && this.#stated !== undefined;
  }

  /** Every device that lspci lists. */
  pciDevices(): readonly PciDevice[] {
    this.#pci ??= new Map(
      (this.pciText === undefined ? [] : parseLspci(this.pciText)).map((device) => [
        formatBdf(device.bdf.id, device.bdf.segment),
        device,
      ]),
    );
    return [...this.#pci.values()];
  }

  /** What lspci tells of a device; undefined when it was not given or does not list it. */
  pciDevice(bdf: string): PciDevice | undefined {
    this.pciDevices();
    return this.#pci?.get(bdf);
  }

  /** Findings about the sources themselves: the dump's damage, the kernel's contradictions. */
  findings(): readonly Finding[] {
    return [
      ...(this.dump?.findings ?? []),
      ...this.#imported,
      ...(this.dump ? [] : (this.#stated?.findings ?? [])),
      ...(this.#kernel?.findings ?? []),
    ];
  }

  /** What the search for units needed and did not get. */
  incomplete(): readonly Incomplete[] {
    return this.registers ? [] : (this.#kernel?.incomplete ?? []);
  }

  close(): void {
    this.dump?.close();
    for (const log of this.logs) log.source.close();
  }

  #findUnits(memory: PhysicalMemory): readonly Unit[] {
    const stated = this.#stated?.units ?? [];
    if (stated.length > 0 && !this.dump) {
      // Real table pages in a hex dump say more than the entries that a text lists.
      const whole = (table: bigint | undefined): boolean =>
        table !== undefined && isKnown(this.hexDump?.memory.page(pfnOf(table)) ?? 'absent');
      return stated.map((each) =>
        whole(each.facts.vendor === 'intel' ? each.facts.rootTable : each.facts.deviceTable)
          ? unitOf(each.facts, memory)
          : statedUnit(each, memory),
      );
    }
    const facts = this.registers ? factsOf(this.registers) : (this.kernel()?.units() ?? []);
    const found = facts.length > 0 ? facts : stated.map((each) => each.facts);
    return found.map((each) => unitOf(each, memory));
  }
}

/** The memory that texts state: a hex dump's bytes stand over the entries of debugfs. */
function textMemory(
  hexDump: HexDump | undefined,
  stated: Stated | undefined,
): PhysicalMemory | undefined {
  if (!stated) return hexDump?.memory;
  if (hexDump) stated.memory.merge(hexDump.memory);
  return stated.memory;
}

/** The unit of facts over a memory, whichever vendor's. */
export function unitOf(facts: UnitFacts, memory: PhysicalMemory): Unit {
  return facts.vendor === 'intel' ? intelUnit(facts, memory) : amdUnit(facts, memory);
}

/** Facts from register values alone, units named in the document's order. */
function factsOf(document: RegisterDocument): UnitFacts[] {
  return document.units.map((unit, index) =>
    document.vendor === 'intel'
      ? intelFactsFromRegisters(unit.registers, {
          name: unit.name ?? `dmar${index}`,
          segment: 0,
          base: unit.base,
        })
      : amdFacts(unit.registers, {
          name: unit.name ?? `ivhd${index}`,
          segment: 0,
          base: unit.base,
          from: 'file',
        }),
  );
}

/** What pasted texts gave. */
interface ImportedTexts {
  hexDump: HexDump | undefined;
  pciText: string | undefined;
  iomem: IomemText | undefined;
  readonly debugfs: string[];
  readonly findings: Finding[];
}

/** Registers as debugfs prints them may stand among its other files in one text. */
function isDebugfsRegisters(text: string): boolean {
  const form = identifyImport(text);
  return form === 'iommu_regset' || form === 'amd-mmio';
}

/** Adds one pasted text. Several hex dumps are one memory; ACPI tables join those given as files. */
function addText(
  kind: 'debugfs' | 'hexdump' | 'iomem' | 'lspci' | 'acpidump',
  text: string,
  into: { readonly texts: ImportedTexts; readonly acpi: Uint8Array[]; readonly base?: bigint },
): void {
  const { texts } = into;
  switch (kind) {
    case 'hexdump': {
      const dump = parseHexDump(text, { base: into.base });
      if (texts.hexDump) texts.hexDump.memory.merge(dump.memory);
      else texts.hexDump = dump;
      // One paste may complete a page that another began.
      const { length } = texts.hexDump.memory.partial();
      const stale = (id: string): boolean => id === 'partial-page' && length === 0;
      const all = [...texts.findings, ...dump.findings].filter(({ id }) => !stale(id));
      texts.findings.splice(0, Infinity, ...all);
      break;
    }
    case 'acpidump': {
      const dump = parseAcpidump(text);
      into.acpi.push(...dump.tables.map(({ bytes }) => bytes));
      texts.findings.push(...dump.findings);
      break;
    }
    case 'iomem':
      texts.iomem = parseIomem(text);
      texts.findings.push(...texts.iomem.findings);
      break;
    case 'lspci':
      texts.pciText = text;
      break;
    case 'debugfs':
      texts.debugfs.push(text);
  }
}

/**
 * Opens files as one case. Several dump files are the parts of one split dump.
 * @throws Failure when a source can't be read as anything, naming its first bytes.
 */
export function openInvestigation(
  sources: readonly ByteSource[],
  options: OpenOptions & { readonly registers?: ByteSource },
): Investigation {
  const dumps: ByteSource[] = [];
  const logs: { source: ByteSource; kind: 'log' | 'recording' }[] = [];
  const acpi: Uint8Array[] = [];
  const texts: ImportedTexts = {
    hexDump: undefined,
    pciText: undefined,
    iomem: undefined,
    debugfs: [],
    findings: [],
  };
  const inputs: Input[] = [];
  let registers: RegisterDocument | undefined;
  let fromDebugfs = false;
  const takeRegisters = (source: ByteSource): void => {
    const text = readText(source);
    const debugfs = isDebugfsRegisters(text);
    const own = registers && !debugfs ? undefined : parseRegisters(text);
    // debugfs has a file for each AMD unit; other documents hold all units, and the first counts.
    if (!registers) registers = own;
    else if (own && own.vendor === registers.vendor && fromDebugfs)
      registers = { vendor: own.vendor, units: [...registers.units, ...own.units] };
    fromDebugfs ||= debugfs && registers === own;
    if (debugfs) texts.debugfs.push(text);
    inputs.push({ name: source.name, kind: 'registers', text });
  };
  if (options.registers) takeRegisters(options.registers);
  for (const source of sources) {
    const kind = options.as ?? identify(source);
    if (kind === 'registers') {
      takeRegisters(source);
      continue;
    }
    let text: string | undefined;
    if (kind === 'dump' || kind === 'raw') dumps.push(source);
    else if (kind === 'log' || kind === 'recording') logs.push({ source, kind });
    else if (kind === 'acpi') acpi.push(readSmall(source));
    else if (kind !== 'unknown') {
      text = readText(source);
      addText(kind, text, { texts, acpi, base: options.rawBase });
    } else throw unreadable(source);
    inputs.push({ name: source.name, kind, ...(text === undefined ? {} : { text }) });
  }
  registers ??= amongDebugfs(texts.debugfs);
  const dump =
    dumps.length > 0
      ? openDump(dumps, {
          platform: options.platform,
          cacheBytes: options.cacheBytes,
          as: options.as === 'raw' ? 'raw' : undefined,
          rawBase: options.rawBase,
        })
      : undefined;
  if (dump && texts.hexDump)
    texts.findings.push({
      severity: 'note',
      id: 'hexdump-unused',
      at: 'hexdump',
      text: 'A dump was given, so that the hex dump is not read as memory.',
      evidence: [],
    });
  return new Investigation({
    platform: options.platform,
    dump,
    registers,
    logs,
    acpi,
    imported: texts,
    inputs,
    progress: options.progress,
  });
}

/** Registers may stand in a text that other files of debugfs name. */
function amongDebugfs(texts: readonly string[]): RegisterDocument | undefined {
  const intel = texts.flatMap((text) => parseIommuRegset(text).units);
  if (intel.length > 0) return { vendor: 'intel', units: intel };
  const amd = texts.flatMap((text) => amdRegisterUnits(text));
  return amd.length > 0 ? { vendor: 'amd', units: amd } : undefined;
}

/** @throws Failure when the text is larger than any paste. */
function readText(source: ByteSource): string {
  if (source.size > TEXT_LIMIT)
    throw new Failure(
      'limit',
      `${source.name} has ${source.size} bytes of text.`,
      `Pasted texts are read up to ${TEXT_LIMIT} bytes.`,
      'Give the part that matters, or a dump.',
    );
  const bytes = new Uint8Array(source.size);
  return new TextDecoder('latin1').decode(bytes.subarray(0, source.read(0, bytes)));
}

function readSmall(source: ByteSource): Uint8Array {
  const bytes = new Uint8Array(Math.min(source.size, SMALL_LIMIT));
  return bytes.subarray(0, source.read(0, bytes));
}

/** What well-known files that are not sources begin with. */
const KNOWN_STARTS: readonly (readonly [string, string])[] = [
  ['504b0304', 'ZIP'],
  ['1f8b', 'gzip'],
  ['28b52ffd', 'zstd'],
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
];

function unreadable(source: ByteSource): Failure {
  const head = new Uint8Array(8);
  const length = source.read(0, head);
  const digits = [...head.subarray(0, length)].map(byteDigits);
  const packed = KNOWN_STARTS.find(([start]) => digits.join('').startsWith(start))?.[1];
  return new Failure(
    'unreadable',
    source.size === 0
      ? `${source.name} is empty.`
      : `${source.name} is not a dump, a log or a register file that this version can read. It starts with ${digits.slice(0, 4).join(' ')}${packed ? ` (${packed})` : ''}.`,
    'Nothing was opened.',
    packed
      ? 'Unpack it and open what is inside.'
      : 'Say what it is with --as, or give another file.',
  );
}
