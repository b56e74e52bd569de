import type { Stretch } from './stretch.ts';

/**
 * BTF, the compact type information that kernels carry for themselves
 * (Documentation/bpf/btf.rst): a header, type records with consecutive ids, and strings.
 */
export const KIND = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

/** Bytes of a record's head. */
const RECORD = 12;
/** Words of a record by kind: fixed, and more for each of vlen members; 0 for no such kind. */
//                 -  INT  PTR  ARR  STR  UNI  ENU  FWD  TYP  VOL  CON  RES  FUN  PRO  VAR  DAT  FLO  DEC  TAG  E64
const FIXED_WORDS = [0, 4, 3, 6, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 3, 3, 4, 3, 3];
const MEMBER_WORDS = [0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3];

const MAGIC = 0xeb9f;
const VERSION = 1;
/** btf_header up to str_len; newer tools write more, which hdr_len skips. */
const MIN_HEADER = 24;
const MAX_HEADER = 4096;
const MAX_TYPES = 1 << 22;
/** Nesting of typedefs, qualifiers, arrays and anonymous members that is followed. */
const MAX_DEPTH = 32;
const POINTER_BYTES = 8;

/** Where a member stands, from the start of the outermost structure. */
export interface MemberPlace {
  /** Bits from the start; a multiple of 8 except in a bitfield. */
  readonly bitOffset: number;
  /** Bits of a bitfield; 0 when the member is none. */
  readonly bitWidth: number;
  /** Type id, qualifiers and typedefs stripped. */
  readonly type: number;
}

/** A record's head, and the BTF that holds it. */
interface Head {
  readonly owner: Btf;
  /** Offset in the owner's data. */
  readonly at: number;
  readonly kind: number;
  readonly vlen: number;
  readonly kindFlag: boolean;
  /** Size in bytes, or the type that it refers to. */
  readonly sizeOrType: number;
}

/**
 * Type information, resolved lazily: opening makes an index of record offsets and no objects.
 * A module's BTF continues its base's type ids and strings ("split" BTF).
 */
export class Btf {
  readonly #data: Stretch;
  readonly #base: Btf | undefined;
  /** Offset of each record in the data, by id minus firstId. */
  readonly #records: Uint32Array;
  readonly #firstId: number;
  readonly #stringsAt: number;
  readonly #stringsLength: number;
  /** Length of the base's strings: offsets below it are the base's. */
  readonly #stringsFrom: number;
  /** Ids of structures and unions, in order. */
  readonly #aggregates: readonly number[];
  /** First bytes of the name of each of them; made when the first is looked up. */
  #nameStarts: Uint32Array | undefined;
  readonly #named = new Map<string, number>();
  readonly #members = new Map<string, MemberPlace | null>();

  private constructor(
    data: Stretch,
    base: Btf | undefined,
    index: RecordIndex,
    strings: { at: number; length: number },
  ) {
    this.#data = data;
    this.#base = base;
    this.#records = index.records;
    this.#aggregates = index.aggregates;
    this.#firstId = base ? base.endId : 1;
    this.#stringsFrom = base ? base.#stringsFrom + base.#stringsLength : 0;
    this.#stringsAt = strings.at;
    this.#stringsLength = strings.length;
  }

  /**
   * Opens raw BTF. @param base the kernel's own, for a module's
   * @returns undefined when the header is none, or the type section is not all there or sound.
   */
  static open(data: Stretch, base?: Btf): Btf | undefined {
    if (data.length < MIN_HEADER || !data.ensure(0, MIN_HEADER)) return undefined;
    const { view } = data;
    if (view.getUint16(0, true) !== MAGIC || view.getUint8(2) !== VERSION) return undefined;
    const header = view.getUint32(4, true);
    if (header < MIN_HEADER || header > MAX_HEADER) return undefined;
    const typesAt = header + view.getUint32(8, true);
    const typesEnd = typesAt + view.getUint32(12, true);
    const stringsAt = header + view.getUint32(16, true);
    const stringsLength = view.getUint32(20, true);
    if (typesEnd > data.length || stringsAt + stringsLength > data.length) return undefined;
    if (!data.ensure(typesAt, typesEnd)) return undefined;
    const index = indexRecords(data.bytes.subarray(typesAt, typesEnd), typesAt, base?.endId ?? 1);
    if (!index) return undefined;
    return new Btf(data, base, index, { at: stringsAt, length: stringsLength });
  }

  /** One more than the last type id; void counts as one. */
  get endId(): number {
    return this.#firstId + this.#records.length;
  }

  /** Bytes that header, types and strings take: ends at __stop_BTF in the kernel. */
  get length(): number {
    return this.#stringsAt + this.#stringsLength;
  }

  /** Id of the structure or union of that name, with its members; undefined when there is none. */
  struct(name: string): number | undefined {
    const known = this.#named.get(name);
    if (known !== undefined) return known < 0 ? undefined : known;
    const found = this.#findStruct(name) ?? this.#base?.struct(name);
    this.#named.set(name, found ?? -1);
    return found;
  }

  /**
   * The place of a member, by its path: `reg_phys`, `sspt.vtdss_pt.common.top_of_table`.
   * Anonymous structures and unions are looked into, as in C.
   */
  member(struct: number, path: string): MemberPlace | undefined {
    const key = `${struct}.${path}`;
    const known = this.#members.get(key);
    if (known !== undefined) return known ?? undefined;
    const found = this.#resolve(struct, path.split('.'));
    this.#members.set(key, found ?? null);
    return found;
  }

  /** Bytes of a type; undefined for one that has no size (void, a function, damage). */
  sizeOf(id: number): number | undefined {
    let elements = 1;
    let at = id;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const head = this.#head(this.strip(at));
      if (!head) return undefined;
      switch (head.kind) {
        case KIND.PTR:
          return POINTER_BYTES * elements;
        case KIND.INT:
        case KIND.STRUCT:
        case KIND.UNION:
        case KIND.ENUM:
        case KIND.ENUM64:
        case KIND.FLOAT:
        case KIND.DATASEC:
          return head.sizeOrType * elements;
        case KIND.ARRAY: {
          const array = this.#array(head);
          elements *= array.count;
          at = array.element;
          break;
        }
        default:
          return undefined;
      }
    }
    return undefined;
  }

  /** The kind of a type, qualifiers and typedefs stripped; 0 for void or damage. */
  kindOf(id: number): number {
    return this.#head(this.strip(id))?.kind ?? 0;
  }

  /** Element type and count of an array type. */
  arrayOf(id: number): { readonly element: number; readonly count: number } | undefined {
    const head = this.#head(this.strip(id));
    return head?.kind === KIND.ARRAY ? this.#array(head) : undefined;
  }

  /** Strips typedefs, const, volatile, restrict and type tags. */
  strip(id: number): number {
    let at = id;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const head = this.#head(at);
      if (!head) return 0;
      switch (head.kind) {
        case KIND.TYPEDEF:
        case KIND.CONST:
        case KIND.VOLATILE:
        case KIND.RESTRICT:
        case KIND.TYPE_TAG:
          at = head.sizeOrType;
          break;
        default:
          return at;
      }
    }
    return 0;
  }

  #resolve(struct: number, path: readonly string[]): MemberPlace | undefined {
    let place: MemberPlace = { bitOffset: 0, bitWidth: 0, type: struct };
    for (const name of path) {
      const inner = this.#findMember(this.strip(place.type), name, 0);
      if (!inner) return undefined;
      place = { ...inner, bitOffset: place.bitOffset + inner.bitOffset };
    }
    return { ...place, type: this.strip(place.type) };
  }

  #findMember(struct: number, name: string, depth: number): MemberPlace | undefined {
    const head = this.#head(struct);
    if (!head || depth > MAX_DEPTH) return undefined;
    if (head.kind !== KIND.STRUCT && head.kind !== KIND.UNION) return undefined;
    const { view } = head.owner.#data;
    for (let i = 0; i < head.vlen; i++) {
      const at = head.at + RECORD + 12 * i;
      const nameAt = view.getUint32(at, true);
      const type = view.getUint32(at + 4, true);
      const raw = view.getUint32(at + 8, true);
      const bitOffset = head.kindFlag ? raw & 0xffffff : raw;
      const bitWidth = head.kindFlag ? raw >>> 24 : 0;
      if (nameAt !== 0) {
        if (head.owner.#nameIs(nameAt, name)) return { bitOffset, bitWidth, type };
        continue;
      }
      const inner = this.#findMember(this.strip(type), name, depth + 1);
      if (inner) return { ...inner, bitOffset: bitOffset + inner.bitOffset };
    }
    return undefined;
  }

  #findStruct(name: string): number | undefined {
    const starts = (this.#nameStarts ??= this.#readNameStarts());
    const { view } = this.#data;
    let wanted = 0;
    for (let i = 0; i < 4 && i < name.length; i++) wanted |= name.charCodeAt(i) << (8 * i);
    wanted >>>= 0;
    for (let i = starts.indexOf(wanted); i >= 0; i = starts.indexOf(wanted, i + 1)) {
      const id = this.#aggregates[i];
      if (this.#nameIs(view.getUint32(this.#records[id - this.#firstId], true), name)) return id;
    }
    return undefined;
  }

  /** The first four bytes of each structure's name, by which most names are told apart. */
  #readNameStarts(): Uint32Array {
    const { view, bytes } = this.#data;
    const starts = new Uint32Array(this.#aggregates.length);
    for (let i = 0; i < starts.length; i++) {
      const offset = view.getUint32(this.#records[this.#aggregates[i] - this.#firstId], true);
      const own = offset - this.#stringsFrom;
      if (own <= 0 || own + 4 > this.#stringsLength) continue;
      const at = this.#stringsAt + own;
      if (!this.#data.ensure(at, at + 4)) continue;
      let start = 0;
      for (let b = 0; b < 4 && bytes[at + b] !== 0; b++) start |= bytes[at + b] << (8 * b);
      starts[i] = start;
    }
    return starts;
  }

  /** Whether the string at an offset is `name`; compares bytes and makes no text. */
  #nameIs(offset: number, name: string): boolean {
    if (offset < this.#stringsFrom) return this.#base ? this.#base.#nameIs(offset, name) : false;
    const at = this.#stringsAt + offset - this.#stringsFrom;
    if (offset - this.#stringsFrom + name.length >= this.#stringsLength) return false;
    if (!this.#data.ensure(at, at + name.length + 1)) return false;
    const { bytes } = this.#data;
    for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name.charCodeAt(i)) return false;
    return bytes[at + name.length] === 0;
  }

  #array(head: Head): { element: number; count: number } {
    const { view } = head.owner.#data;
    return {
      element: view.getUint32(head.at + RECORD, true),
      count: view.getUint32(head.at + RECORD + 8, true),
    };
  }

  #head(id: number): Head | undefined {
    if (id < this.#firstId) return this.#base ? this.#base.#head(id) : undefined;
    const index = id - this.#firstId;
    if (index >= this.#records.length) return undefined;
    const at = this.#records[index];
    const info = this.#data.view.getUint32(at + 4, true);
    return {
      owner: this,
      at,
      kind: (info >>> 24) & 0x1f,
      vlen: info & 0xffff,
      kindFlag: info >>> 31 === 1,
      sizeOrType: this.#data.view.getUint32(at + 8, true),
    };
  }
}

interface RecordIndex {
  readonly records: Uint32Array;
  readonly aggregates: readonly number[];
}

/** Goes through the records once: where each begins, and which are structures or unions. */
function indexRecords(types: Uint8Array, from: number, firstId: number): RecordIndex | undefined {
  if (types.length % 4 !== 0) return undefined;
  const aligned = types.byteOffset % 4 === 0 ? types : types.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  const limit = Math.min(MAX_TYPES, Math.floor(words.length / 3));
  const records = new Uint32Array(limit);
  const aggregates: number[] = [];
  let count = 0;
  let at = 0;
  while (at < words.length) {
    if (at + 3 > words.length || count === limit) return undefined;
    const info = words[at + 1];
    const kind = (info >>> 24) & 0x1f;
    const fixed = FIXED_WORDS[kind] ?? 0;
    if (fixed === 0) return undefined;
    if (kind === KIND.STRUCT || kind === KIND.UNION) aggregates.push(firstId + count);
    records[count++] = from + 4 * at;
    at += fixed + MEMBER_WORDS[kind] * (info & 0xffff);
  }
  return at === words.length ? { records: records.subarray(0, count), aggregates } : undefined;
}
