import type { Finding, Incomplete } from '../iommu/finding.ts';
import type { UnitFacts } from '../iommu/facts.ts';
import { hex } from '../format/hex.ts';
import { Failure } from '../memory/failure.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { Steps } from '../memory/steps.ts';
import { amdUnits, type KernelAmdUnit } from './amd.ts';
import { Btf } from './btf.ts';
import { selfChecks, type SelfCheck } from './checks.ts';
import { isCrashKernelLine, readCommandLine } from './commandline.ts';
import { variable32, WANTED_SYMBOLS, type KernelContext } from './context.ts';
import {
  intelUnits,
  remappingStructures,
  type KernelIntelUnit,
  type RemappingStructure,
} from './intel.ts';
import { softwareDomains, type SoftwareDomain } from './domains.ts';
import { Kallsyms } from './kallsyms.ts';
import { moduleBtf, moduleSymbols, readModules, type KernelModule } from './modules.ts';
import type { Notes } from './notes.ts';
import { readPageFrame, type PageFrame } from './page-frame.ts';
import { VirtualMemory } from './paging.ts';
import { readPanic, type Panic } from './panic.ts';
import {
  directMapOf,
  readDevices,
  registeredUnitName,
  registeredUnits,
  type KernelDevice,
} from './pci.ts';
import { readKernelLog, type KernelMessage } from './printk.ts';
import {
  readCrashReservation,
  readResources,
  type CrashReservation,
  type Resource,
} from './resources.ts';
import { Stretch } from './stretch.ts';
import { StructReader } from './structs.ts';
import {
  isComplete,
  kernelOffset,
  parseVmcoreinfo,
  rootSymbol,
  vmcoreinfoSteps,
  type FoundVmcoreinfo,
  type Vmcoreinfo,
} from './vmcoreinfo.ts';

/** More than the type information of any kernel. */
const MAX_BTF = 256 << 20;

/** A unit with what the kernel knows of it beside the facts. */
export type KernelUnit = KernelIntelUnit | KernelAmdUnit;

/**
 * A Linux kernel in physical memory, asked through nothing but its own VMCOREINFO, page tables,
 * symbols and types. Everything is read when first asked for, and once; what an answer needed and
 * did not get stands in `incomplete` from then on.
 */
export class Kernel {
  readonly info: Vmcoreinfo;
  readonly memory: VirtualMemory;
  readonly #notes: Notes;
  readonly #answers = new Map<string, unknown>();

  /** @param memory the kernel's virtual memory: see `openKernelSteps` */
  constructor(info: Vmcoreinfo, memory: VirtualMemory) {
    this.info = info;
    this.memory = memory;
    this.#notes = memory.notes;
  }

  /** Kernel release, as `uname -r` writes it. */
  get release(): string {
    return this.info.release;
  }

  /** Virtual displacement by KASLR. */
  get kernelOffset(): bigint {
    return kernelOffset(this.info);
  }

  /** Damage and doubts that answers so far met. */
  get findings(): readonly Finding[] {
    return this.#notes.findings;
  }

  /** What answers so far needed and did not get. */
  get incomplete(): readonly Incomplete[] {
    return this.#notes.incomplete;
  }

  /** The kernel's symbols; undefined when its table is not in the dump. */
  symbols(): Kallsyms | undefined {
    return this.#once('symbols', () => Kallsyms.open(this.memory, this.info, WANTED_SYMBOLS));
  }

  /** The kernel's types; undefined when it has none (CONFIG_DEBUG_INFO_BTF, 5.2 and later). */
  btf(): Btf | undefined {
    return this.#once('btf', () =>
      this.#notes.within('BTF', () => {
        const start = this.symbols()?.address('__start_BTF');
        const stop = this.symbols()?.address('__stop_BTF');
        if (start === undefined || stop === undefined || stop <= start) {
          if (this.symbols())
            this.#notes.missing(
              "This kernel carries no type information (BTF), so its structures can't be followed.",
            );
          return undefined;
        }
        if (stop - start > BigInt(MAX_BTF)) return undefined;
        const btf = Btf.open(new Stretch(this.memory, start, Number(stop - start)));
        if (!btf) this.#notes.missing("The kernel's type information (BTF) is not readable.");
        return btf;
      }),
    );
  }

  /** Access to structures by member name; undefined without symbols or types. */
  context(): KernelContext | undefined {
    return this.#once('context', () => {
      const symbols = this.symbols();
      const btf = this.btf();
      if (!symbols || !btf) return undefined;
      const { info, memory } = this;
      const context: KernelContext = {
        info,
        memory,
        symbols,
        reader: new StructReader(memory, btf),
        notes: this.#notes,
      };
      memory.directMap = directMapOf(context);
      return context;
    });
  }

  /** The IOMMU units, Intel's first, each vendor's in the order of its ACPI table. */
  units(): readonly UnitFacts[] {
    return this.kernelUnits().map((unit) => unit.facts);
  }

  /** The same with what else the kernel knows of each unit. */
  kernelUnits(): readonly KernelUnit[] {
    return this.#ask('units', [], (context) => {
      const units = [...intelUnits(context), ...amdUnits(context)];
      noteOtherUnits(context, units);
      if (units.length === 0) noteNoUnits(context);
      return units;
    });
  }

  /** Every PCI function, with its driver, its IOMMU group and the unit that serves it. */
  devices(): readonly KernelDevice[] {
    return this.#ask('devices', [], readDevices);
  }

  /** What the kernel's own structures say of each device's page tables and domain. */
  domains(): readonly SoftwareDomain[] {
    return this.#ask('domains', [], (context) => {
      const units = new Map(this.kernelUnits().map((unit) => [unit.deviceAddress, unit]));
      return softwareDomains(context, this.devices(), (address) => {
        const unit = units.get(address);
        return unit && { vendor: unit.facts.vendor, sequence: unit.sequence };
      });
    });
  }

  /** The kernel's log, oldest record first. Needs neither symbols nor types. */
  dmesg(): readonly KernelMessage[] {
    return this.#once('dmesg', () => readKernelLog(this.memory, this.info));
  }

  /** Why, when and where it panicked. Only the processor's number takes symbols. */
  panic(): Panic {
    return this.#once('panic', () => {
      const cpu = this.#ask('panic_cpu', undefined, (context) =>
        this.#notes.within('panic_cpu', () => variable32(context, 'panic_cpu')),
      );
      return readPanic(this.info, this.dmesg(), cpu);
    });
  }

  commandLine(): string | undefined {
    return this.#ask('command line', undefined, readCommandLine);
  }

  /** Whether this is itself a crash (kdump) kernel; undefined when that can't be told. */
  isCrashKernel(): boolean | undefined {
    const line = this.commandLine();
    return line === undefined ? undefined : isCrashKernelLine(line);
  }

  /** The tree of /proc/iomem. */
  resources(): readonly Resource[] {
    return this.#ask('resources', [], readResources);
  }

  /** The crashkernel= reservation; undefined when there is none or it can't be read. */
  crashReservation(): CrashReservation | undefined {
    return this.#ask('reservation', undefined, readCrashReservation);
  }

  /** The kernel's record of a page frame; undefined when it has none that can be read. */
  pageFrame(pfn: number): PageFrame | undefined {
    return readPageFrame(this.info, this.memory, pfn);
  }

  /** Copies of the DMAR's structures that the kernel keeps. */
  remappingStructures(): readonly RemappingStructure[] {
    return this.#ask('structures', [], remappingStructures);
  }

  modules(): readonly KernelModule[] {
    return this.#ask('modules', [], readModules);
  }

  /** Addresses of a module's symbols, of those names that it has. */
  moduleSymbols(module: KernelModule, names: readonly string[]): ReadonlyMap<string, bigint> {
    const context = this.context();
    return context ? moduleSymbols(context, module, names) : new Map();
  }

  /** Structures of a module's own types and the kernel's; undefined where it has none. */
  moduleReader(module: KernelModule): StructReader | undefined {
    return this.#ask(`types of ${module.name}`, undefined, (context) => {
      const btf = moduleBtf(context, module, this.btf()!);
      return btf && new StructReader(this.memory, btf);
    });
  }

  /** Comparisons that hold in a sound dump; failed ones are findings too. */
  checks(): readonly SelfCheck[] {
    return this.#ask('checks', [], (context) => selfChecks(context, this.btf()!));
  }

  #ask<T>(what: string, otherwise: T, answer: (context: KernelContext) => T): T {
    return this.#once(what, () => {
      const context = this.context();
      return context ? answer(context) : otherwise;
    });
  }

  #once<T>(what: string, answer: () => T): T {
    if (!this.#answers.has(what)) this.#answers.set(what, answer());
    return this.#answers.get(what) as T;
  }
}

/** Why no unit was found, as far as the symbols tell. */
function noteNoUnits(context: KernelContext): void {
  const lists = ['dmar_drhd_units', 'amd_iommu_list'];
  const known = lists.some((list) => context.symbols.address(list) !== undefined);
  context.notes.finding(
    'note',
    'no-unit',
    known
      ? 'The kernel has no IOMMU unit on its lists: the machine has none, or the kernel was told not to use it.'
      : `The kernel's symbols name none of the lists of IOMMU units (${lists.join(', ')}): it was built without the drivers, or without KALLSYMS_ALL.`,
  );
}

/** Units that registered with the kernel and are neither Intel's nor AMD's, or were not found. */
function noteOtherUnits(context: KernelContext, units: readonly KernelUnit[]): void {
  const known = new Set(units.map((unit) => unit.deviceAddress));
  for (const unit of registeredUnits(context)) {
    if (known.has(unit)) continue;
    const name = registeredUnitName(context, unit) ?? hex(unit);
    context.notes.finding(
      'note',
      'unit-of-other-kind',
      `The kernel also has the IOMMU ${name}, which is neither VT-d nor AMD-Vi; its tables are not decoded.`,
    );
  }
}

export interface KernelOptions {
  /** Text of the dump's VMCOREINFO note; without it the memory is scanned for a copy. */
  readonly vmcoreinfo?: string;
}

/**
 * Opens the kernel of a memory: by the dump's VMCOREINFO, else by a scan for it. Of several
 * kernels it is the one that crashed, else the first found. A scan of a large memory takes long.
 */
export function* openKernelSteps(
  memory: PhysicalMemory,
  options: KernelOptions,
): Steps<Kernel | Failure> {
  const given = options.vmcoreinfo === undefined ? undefined : parseVmcoreinfo(options.vmcoreinfo);
  if (given && isComplete(given)) return kernelOf(memory, given);
  const found = yield* findKernelsSteps(memory);
  if (found.length > 0) return found[0];
  return new Failure(
    'unreadable',
    given
      ? `The VMCOREINFO of kernel ${given.release} lacks lines that are needed, and memory holds no better copy.`
      : 'No VMCOREINFO was found in this memory.',
    "Without it the kernel's page tables and symbols can't be found, nor its IOMMU units.",
    'Give register values with --registers, or a dump that has the whole kernel.',
  );
}

/**
 * Every kernel of a memory by a scan of all of it: a dump of a whole machine taken while a crash
 * kernel runs holds two. The crashed one comes first.
 */
export function* findKernelsSteps(memory: PhysicalMemory): Steps<Kernel[]> {
  const best = new Map<string, FoundVmcoreinfo>();
  for (const found of yield* vmcoreinfoSteps(memory)) {
    const key = `${kernelOffset(found.info)} ${found.info.number('phys_base')}`;
    const other = best.get(key);
    if (!other || rank(found) > rank(other)) best.set(key, found);
  }
  return [...best.values()]
    .sort((a, b) => rank(b) - rank(a))
    .map((found) => kernelOf(memory, found.info))
    .filter((kernel) => isThere(kernel));
}

/** A copy written at the crash is best; then the note, which is rewritten as a whole. */
function rank(found: FoundVmcoreinfo): number {
  return (found.info.crashTime === undefined ? 0 : 2) + (found.form === 'note' ? 1 : 0);
}

function kernelOf(memory: PhysicalMemory, info: Vmcoreinfo): Kernel {
  const virtual = new VirtualMemory(memory, {
    physBase: info.number('phys_base')!,
    rootAddress: rootSymbol(info)!,
    fiveLevels: info.number('pgtable_l5_enabled') === 1n,
    smeMask: info.number('sme_mask') ?? 0n,
    imageSize: info.number('KERNEL_IMAGE_SIZE'),
  });
  return new Kernel(info, virtual);
}

/**
 * Whether the kernel that VMCOREINFO speaks of is in this memory: its page tables map its text to
 * where the text must be. Copies of earlier kernels can outlive them.
 */
function isThere(kernel: Kernel): boolean {
  const { memory, info } = kernel;
  const stext = info.symbol('_stext')!;
  const walked = memory.walk(stext);
  const there = memory.notes.quietly(() => memory.page(stext) !== undefined);
  return there && (walked === undefined || walked === memory.imageToPhysical(stext));
}
