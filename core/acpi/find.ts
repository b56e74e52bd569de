/** Finds the ACPI tables in physical memory: RSDP, then XSDT or RSDT (ACPI 6.5 §5.2.5). */
import { field, layout, valueOf } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { Finding, Incomplete } from '../iommu/finding.ts';
import type { MissingPage, PhysicalMemory } from '../memory/physical.ts';
import { isKnown, PAGE_SIZE, pfnOf, readBytes } from '../memory/physical.ts';
import type { DmarTable } from './dmar.ts';
import { decodeDmar } from './dmar.ts';
import type { IvrsTable } from './ivrs.ts';
import { decodeIvrs } from './ivrs.ts';
import type { AcpiStructure, TableHeader } from './structures.ts';
import { checksum, decodeHeader, HEADER_SIZE, textAt, wordsAt } from './structures.ts';

/** The firmware's read-only area that is searched on 16-byte boundaries. */
const BIOS_AREA = { from: 0xe0000, to: 0x100000 };
/** Real-mode segment of the extended BIOS data area, of which the first KiB is searched. */
const EBDA_SEGMENT = 0x40e;
const EBDA_BYTES = 1024;
const SIGNATURE = 'RSD PTR ';
const RSDP_V1 = 20;
const RSDP_V2 = 36;
/** Tables that one XSDT may list, and bytes that one table may have: far more than any has. */
const MAX_TABLES = 512;
const MAX_TABLE_BYTES = 1 << 20;

export const RSDP = layout(
  'RSDP',
  288,
  [
    field('Signature', 63, 0, 'RSD PTR'),
    field('Checksum', 71, 64, 'Makes the sum of the first 20 bytes zero'),
    field('OEM ID', 119, 72, 'Who made the tables'),
    field('Revision', 127, 120, '0 for ACPI 1.0, 2 for later versions'),
    field('RsdtAddress', 159, 128, 'Physical address of the RSDT', { kind: 'address' }),
    field('Length', 191, 160, 'Bytes in the structure'),
    field('XsdtAddress', 255, 192, 'Physical address of the XSDT', { kind: 'address' }),
    field('Extended Checksum', 263, 256, 'Makes the sum of all bytes zero'),
    field('reserved 287:264', 287, 264, 'Reserved', { kind: 'reserved' }),
  ],
  { spec: 'ACPI 6.5 §5.2.5.3' },
);

export interface RootPointer extends AcpiStructure {
  readonly address: bigint;
  readonly revision: number;
  readonly oemId: string;
  readonly rsdt: bigint;
  /** Zero for ACPI 1.0. */
  readonly xsdt: bigint;
}

/** A table that the root table lists. */
export interface AcpiTable {
  readonly signature: string;
  readonly address: bigint;
  readonly header: TableHeader;
  /** The whole table, or as much of it as is known. */
  readonly bytes: Uint8Array;
}

export interface AcpiTables {
  readonly rsdp: RootPointer | undefined;
  /** In the order of the root table, which is not among them. */
  readonly tables: readonly AcpiTable[];
  readonly dmar: DmarTable | undefined;
  readonly ivrs: IvrsTable | undefined;
  /** Of the root structures; a table's own findings are its decoder's. */
  readonly findings: readonly Finding[];
  readonly incomplete: readonly Incomplete[];
}

export interface FindOptions {
  /** Where the RSDP stands, when somebody knows (UEFI machines have it anywhere). */
  readonly rsdp?: bigint;
}

/** Finds and decodes the tables. Nothing found is an answer: no RSDP, no tables. */
export function findAcpiTables(memory: PhysicalMemory, options: FindOptions = {}): AcpiTables {
  return new Search(memory).run(options.rsdp);
}

class Search {
  readonly #memory: PhysicalMemory;
  readonly #findings: Finding[] = [];
  readonly #incomplete: Incomplete[] = [];

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  run(known: bigint | undefined): AcpiTables {
    const rsdp =
      (known === undefined ? undefined : this.#rootPointer(known)) ??
      this.#scan(BIOS_AREA.from, BIOS_AREA.to) ??
      this.#ebda();
    const tables = rsdp ? this.#tables(rsdp) : [];
    const find = (signature: string): Uint8Array | undefined =>
      tables.find((table) => table.signature === signature)?.bytes;
    const dmar = find('DMAR');
    const ivrs = find('IVRS');
    return {
      rsdp,
      tables,
      dmar: dmar && decodeDmar(dmar),
      ivrs: ivrs && decodeIvrs(ivrs),
      findings: this.#findings,
      incomplete: this.#incomplete,
    };
  }

  /** The first sound RSDP on a 16-byte boundary. */
  #scan(from: number, to: number): RootPointer | undefined {
    for (let at = from; at < to; at += 16) {
      const page = this.#memory.page(Math.floor(at / PAGE_SIZE));
      if (!isKnown(page)) {
        at += PAGE_SIZE - (at % PAGE_SIZE) - 16;
        continue;
      }
      if (page[at % PAGE_SIZE] !== 0x52) continue;
      const found = this.#rootPointer(BigInt(at));
      if (found) return found;
    }
    return undefined;
  }

  #ebda(): RootPointer | undefined {
    const bytes = readBytes(this.#memory, BigInt(EBDA_SEGMENT), 2);
    if (!(bytes instanceof Uint8Array)) return undefined;
    const base = ((bytes[1] << 8) | bytes[0]) << 4;
    return base === 0 ? undefined : this.#scan(base, base + EBDA_BYTES);
  }

  #rootPointer(address: bigint): RootPointer | undefined {
    const first = readBytes(this.#memory, address, RSDP_V1);
    if (!(first instanceof Uint8Array) || textAt(first, 0, 8) !== SIGNATURE.trimEnd())
      return undefined;
    if (checksum(first) !== 0) return undefined;
    const revision = first[15];
    const whole = revision >= 2 ? readBytes(this.#memory, address, RSDP_V2) : first;
    const bytes = whole instanceof Uint8Array ? whole : first;
    const words = wordsAt(bytes, 0, RSDP_V2);
    if (bytes.length === RSDP_V2 && checksum(bytes) !== 0)
      this.#finding(address, 'The extended checksum of the RSDP is wrong.');
    return {
      offset: 0,
      length: bytes.length,
      layout: RSDP,
      words,
      address,
      revision,
      oemId: textAt(bytes, 9, 6),
      rsdt: valueOf(RSDP, words, 'RsdtAddress'),
      xsdt: valueOf(RSDP, words, 'XsdtAddress'),
    };
  }

  #tables(rsdp: RootPointer): AcpiTable[] {
    const root =
      (rsdp.xsdt === 0n ? undefined : this.#table(rsdp.xsdt, 'XSDT')) ??
      (rsdp.rsdt === 0n ? undefined : this.#table(rsdp.rsdt, 'RSDT'));
    if (!root) return [];
    if (root.header.checksumValid === false)
      this.#finding(root.address, `The checksum of the ${root.signature} is wrong.`);
    const size = root.signature === 'XSDT' ? 8 : 4;
    const count = Math.min(
      MAX_TABLES,
      Math.floor((Math.min(root.bytes.length, root.header.length) - HEADER_SIZE) / size),
    );
    const tables: AcpiTable[] = [];
    for (let index = 0; index < count; index++) {
      const [address] = wordsAt(root.bytes, HEADER_SIZE + index * size, size);
      const table = address === 0n ? undefined : this.#table(address, undefined);
      if (table) tables.push(table);
    }
    return tables;
  }

  /** Reads a table; what of it is not known is told. */
  #table(address: bigint, signature: string | undefined): AcpiTable | undefined {
    const head = readBytes(this.#memory, address, HEADER_SIZE);
    if (!(head instanceof Uint8Array)) {
      this.#missing(head, signature ?? 'ACPI table');
      return undefined;
    }
    const header = decodeHeader(head);
    if (!header || (signature !== undefined && header.signature !== signature)) {
      this.#finding(address, `No ${signature ?? 'ACPI table'} stands at ${hex(address)}.`);
      return undefined;
    }
    if (header.length < HEADER_SIZE || header.length > MAX_TABLE_BYTES) {
      this.#finding(
        address,
        `The ${header.signature} at ${hex(address)} says that it has ${header.length} bytes.`,
      );
      return undefined;
    }
    const bytes = this.#known(address, header.length, header.signature);
    const whole = decodeHeader(bytes) ?? header;
    return { signature: header.signature, address, header: whole, bytes };
  }

  /** The table's bytes up to the first page that is not known. */
  #known(address: bigint, length: number, signature: string): Uint8Array {
    const all = readBytes(this.#memory, address, length);
    if (all instanceof Uint8Array) return all;
    this.#missing(all, signature);
    const part = readBytes(this.#memory, address, Number(all.address - address));
    return part instanceof Uint8Array ? part : new Uint8Array(0);
  }

  #missing(missing: MissingPage, what: string): void {
    this.#incomplete.push({
      address: missing.address,
      at: `acpi/${what}`,
      text: `${what}: the page at ${hex(missing.address)} (frame ${pfnOf(missing.address)}) is not known: ${missing.why}.`,
    });
  }

  #finding(address: bigint, text: string): void {
    this.#findings.push({
      severity: 'error',
      id: 'acpi-root',
      at: `acpi/${hex(address)}`,
      text,
      evidence: [{ what: 'ACPI table', address }],
    });
  }
}
