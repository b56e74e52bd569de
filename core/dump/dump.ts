import type { Finding } from '../iommu/finding.ts';
import type { PhysicalMemory } from '../memory/physical.ts';

/** What a file is, by its content; `raw` has no mark of its own and is never recognised. */
export type DumpFormat = 'elf' | 'kdump' | 'lime' | 'avml' | 'raw';

/** One ELF note, as it stands in an ELF core or in a kdump's sub-header area. */
export interface Note {
  /** `CORE`, `VMCOREINFO`, `QEMU`, without its terminating NUL. */
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
}

/** The utsname that a kdump header repeats. */
export interface Utsname {
  readonly sysname: string;
  readonly nodename: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  readonly domainname: string;
}

/** A PT_LOAD of an ELF core: where the dumping kernel had this memory. */
export interface LoadSegment {
  /** p_vaddr: useful in copies of /proc/vmcore, meaningless in dumps that QEMU writes. */
  readonly virtual: bigint;
  readonly physical: bigint;
  /** Where its bytes stand in the file, how many there are, and how many the machine had. */
  readonly offset: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

/** What the headers state; a fact that the format does not have is undefined. */
export interface DumpFacts {
  /** Bytes per block of the format (kdump); a page frame elsewhere. */
  readonly blockSize: number;
  /** One more than the highest page frame that the dump can hold. */
  readonly maxPfn: number;
  readonly machine: string | undefined;
  readonly headerVersion?: number;
  readonly utsname?: Utsname;
  /** Seconds since 1970 of the dump header. */
  readonly time?: number;
  /** makedumpfile's -d value. */
  readonly dumpLevel?: number;
  readonly nrCpus?: number;
  /** phys_base of the sub-header, as a signed 64-bit number. */
  readonly physBase?: bigint;
  /** Files of the split set that were given, by the page frames that each one holds. */
  readonly split?: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  /** PT_LOADs of an ELF core, in the order of the file. */
  readonly loads?: readonly LoadSegment[];
  /** Text of a kdump's eraseinfo: what `makedumpfile --config` wiped. */
  readonly eraseinfo?: string;
}

/** Page frames of 4 KiB, counted. */
export interface PageCounts {
  /** Content is in the dump, or is known to be zero. */
  readonly held: number;
  /** The machine has them, the filter left them out. */
  readonly excluded: number;
  /** Should be in the dump and are not: truncated, damaged or never written. */
  readonly missing: number;
}

/** An opened dump. Pages are read on demand; `memory` is valid until `close`. */
export interface Dump {
  readonly format: DumpFormat;
  /** The file is a makedumpfile flattened (`-F`) stream of that format. */
  readonly flattened: boolean;
  /** Codecs that pages are stored with: `zlib`, `lzo`, `snappy`, `zstd`; empty when none. */
  readonly compression: readonly string[];
  readonly memory: PhysicalMemory;
  readonly notes: readonly Note[];
  /** Text of the VMCOREINFO note. */
  readonly vmcoreinfo: string | undefined;
  readonly facts: DumpFacts;
  /** The writer marked the dump as unfinished, or the file ends before its content does. */
  readonly incomplete: boolean;
  /** Damage and doubts; pages that turn out to be damaged while reading are added as they come. */
  readonly findings: readonly Finding[];
  /** Counts page frames; reads bitmaps and page descriptors when first called. */
  counts(): PageCounts;
  close(): void;
}
