import { amdFacts } from '../amdvi/facts.ts';
import { amdUnit } from '../amdvi/unit.ts';
import type { Dump } from '../dump/dump.ts';
import { formatBdf } from '../format/bdf.ts';
import type { HexDump } from '../imports/hex-dump.ts';
import type { IomemText } from '../imports/iomem.ts';
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
import type { SourceKind } from './identify.ts';
import type { ImportedTexts } from './imported-texts.ts';
import type { RegisterDocument } from './register-file.ts';

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
  /** Every source in the order given; registers of an option stand first. */
  readonly inputs: readonly Input[];
  readonly #imported: readonly Finding[];
  readonly #progress: ((done: number, all: number) => void) | undefined;
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
    progress?: ((done: number, all: number) => void) | undefined;
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
