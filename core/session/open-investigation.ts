import { openDump } from '../dump/open.ts';
import { identifyImport } from '../imports/identify.ts';
import { parseIommuRegset } from '../imports/intel-registers.ts';
import type { ByteSource, Platform } from '../memory/platform.ts';
import { identify, type SourceKind } from './identify.ts';
import { addText, noTexts, type ImportedTexts } from './imported-texts.ts';
import { Investigation, type Input } from './investigation.ts';
import { amdRegisterUnits, parseRegisters, type RegisterDocument } from './register-file.ts';
import { readSmall, readText, unreadable } from './source-bytes.ts';

export interface OpenOptions {
  readonly platform: Platform;
  /** What the sources are, overriding what their content says. */
  readonly as?: SourceKind | 'raw';
  /** Whether one of the sources is raw memory, overriding what its content says. */
  readonly isRaw?: (source: ByteSource) => boolean;
  /** Physical address of the first byte of a raw image. */
  readonly rawBase?: bigint;
  /** Bound of the page cache, bytes. */
  readonly cacheBytes?: number;
  /** Called while a memory without VMCOREINFO is searched for a kernel, with page frames. */
  readonly progress?: (done: number, all: number) => void;
}

/**
 * Opens files as one case. Several dump files are the parts of one split dump.
 * @throws Failure when a source can't be read as anything, naming its first bytes.
 */
export function openInvestigation(
  sources: readonly ByteSource[],
  options: OpenOptions & { readonly registers?: ByteSource },
): Investigation {
  const given = new GivenSources(options.rawBase);
  if (options.registers) given.take(options.registers, 'registers');
  const kindOf = (source: ByteSource): Input['kind'] =>
    options.as ?? (options.isRaw?.(source) ? 'raw' : identify(source));
  for (const source of sources) given.take(source, kindOf(source));
  const { dumps, logs, acpi, texts, inputs } = given;
  const dump =
    dumps.length > 0
      ? openDump(dumps, {
          platform: options.platform,
          cacheBytes: options.cacheBytes,
          as: inputs.some(({ kind }) => kind === 'raw') ? 'raw' : undefined,
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
    registers: given.registers,
    logs,
    acpi,
    imported: texts,
    inputs,
    progress: options.progress,
  });
}

/** The sources of one case, by what each is part of. */
class GivenSources {
  readonly dumps: ByteSource[] = [];
  readonly logs: { source: ByteSource; kind: 'log' | 'recording' }[] = [];
  readonly acpi: Uint8Array[] = [];
  readonly texts: ImportedTexts = noTexts();
  readonly inputs: Input[] = [];
  readonly #rawBase: bigint | undefined;
  #registers: RegisterDocument | undefined;
  #fromDebugfs = false;

  /** @param rawBase physical address of a hex dump's address 0 */
  constructor(rawBase: bigint | undefined) {
    this.#rawBase = rawBase;
  }

  /** Registers that were given, else those that stand among other files of debugfs. */
  get registers(): RegisterDocument | undefined {
    return this.#registers ?? amongDebugfs(this.texts.debugfs);
  }

  /** @throws Failure when the source can't be read as that */
  take(source: ByteSource, kind: Input['kind']): void {
    const text = this.#taken(source, kind);
    this.inputs.push({ name: source.name, kind, ...(text === undefined ? {} : { text }) });
  }

  /** @returns the source's text, when it is one that was pasted */
  #taken(source: ByteSource, kind: Input['kind']): string | undefined {
    switch (kind) {
      case 'dump':
      case 'raw':
        this.dumps.push(source);
        return undefined;
      case 'log':
      case 'recording':
        this.logs.push({ source, kind });
        return undefined;
      case 'acpi':
        this.acpi.push(readSmall(source));
        return undefined;
      case 'unknown':
        throw unreadable(source);
      case 'registers': {
        const text = readText(source);
        this.#takeRegisters(text);
        return text;
      }
      default: {
        const text = readText(source);
        addText(kind, text, { texts: this.texts, acpi: this.acpi, base: this.#rawBase });
        return text;
      }
    }
  }

  #takeRegisters(text: string): void {
    const debugfs = isDebugfsRegisters(text);
    const known = this.#registers;
    const own = known && !debugfs ? undefined : parseRegisters(text);
    // debugfs has a file for each AMD unit; other documents hold all units, and the first counts.
    if (!known) this.#registers = own;
    else if (own && own.vendor === known.vendor && this.#fromDebugfs)
      this.#registers = { vendor: own.vendor, units: [...known.units, ...own.units] };
    this.#fromDebugfs ||= debugfs && this.#registers === own;
    if (debugfs) this.texts.debugfs.push(text);
  }
}

/** Registers as debugfs prints them may stand among its other files in one text. */
function isDebugfsRegisters(text: string): boolean {
  const form = identifyImport(text);
  return form === 'iommu_regset' || form === 'amd-mmio';
}

/** Registers may stand in a text that other files of debugfs name. */
function amongDebugfs(texts: readonly string[]): RegisterDocument | undefined {
  const intel = texts.flatMap((text) => parseIommuRegset(text).units);
  if (intel.length > 0) return { vendor: 'intel', units: intel };
  const amd = texts.flatMap((text) => amdRegisterUnits(text));
  return amd.length > 0 ? { vendor: 'amd', units: amd } : undefined;
}
