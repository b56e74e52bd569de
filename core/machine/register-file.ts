/**
 * A page of registers that behave as their layouts say: read-write bits keep what is written,
 * write-1-to-clear bits are cleared, read-only and reserved bits stay, write-only bits read as
 * zero. Offsets without a register read as zero and ignore writes, as reserved registers do.
 */
import type { Field } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import type { RegisterReading, WritableMmio } from '../memory/mmio.ts';
import type { EventLog } from './events.ts';

/** What hardware does after a write: `written` has software's bits at their place, else zeros. */
export type WriteAction = (written: bigint) => void;

interface Cell {
  readonly definition: RegisterDefinition;
  /** Bytes. */
  readonly size: number;
  readonly writable: bigint;
  readonly clearable: bigint;
  readonly readable: bigint;
  value: bigint;
  action: WriteAction | undefined;
}

export class RegisterFile implements WritableMmio {
  readonly #cells: readonly Cell[];
  readonly #log: EventLog;

  /** @param definitions the registers that there are; they do not overlap */
  constructor(definitions: readonly RegisterDefinition[], log: EventLog) {
    this.#log = log;
    this.#cells = [...definitions]
      .sort((a, b) => a.offset - b.offset)
      .map((definition) => ({
        definition,
        size: definition.layout.width / 8,
        writable: mask(definition, (field) => field.access === 'RW' || field.access === 'WO'),
        clearable: mask(definition, (field) => field.access === 'RW1C'),
        readable: mask(definition, (field) => field.access !== 'WO'),
        value: 0n,
        action: undefined,
      }));
  }

  /** Makes hardware act when software has written a register. */
  onWrite(definition: RegisterDefinition, action: WriteAction): void {
    this.#cell(definition).action = action;
  }

  /** A register's value as hardware holds it, write-only bits included. */
  get(definition: RegisterDefinition): bigint {
    return this.#cell(definition).value;
  }

  /** Hardware's own change of a register. */
  set(definition: RegisterDefinition, value: bigint): void {
    this.#cell(definition).value = value;
  }

  read(offset: number, width: 32 | 64): RegisterReading | undefined {
    if (!aligned(offset, width)) return undefined;
    let value = 0n;
    for (const cell of this.#touched(offset, width))
      value |= shifted(cell.value & cell.readable, cell.definition.offset - offset);
    return { value: value & ones(width), source: 'simulated' };
  }

  /** @throws RangeError when the access is not aligned to its width. */
  write(offset: number, width: 32 | 64, value: bigint): void {
    if (!aligned(offset, width))
      throw new RangeError(`a ${width}-bit access at ${hex(offset)} is not aligned`);
    const touched = this.#touched(offset, width);
    const register = touched[0]?.definition.name ?? `reserved ${hex(offset)}`;
    this.#log.add({ kind: 'register write', register, offset, width, value });
    for (const cell of touched) {
      const distance = offset - cell.definition.offset;
      const window = shifted(ones(width), distance) & ones(cell.size * 8);
      const written = shifted(value & ones(width), distance) & window;
      const keep = cell.value & ~(cell.writable & window);
      cell.value = (keep | (written & cell.writable)) & ~(written & cell.clearable);
      cell.action?.(written);
    }
  }

  #touched(offset: number, width: number): Cell[] {
    const end = offset + width / 8;
    return this.#cells.filter(
      ({ definition, size }) => definition.offset < end && offset < definition.offset + size,
    );
  }

  #cell(definition: RegisterDefinition): Cell {
    const cell = this.#cells.find((each) => each.definition === definition);
    if (!cell) throw new RangeError(`this unit has no register ${definition.name}`);
    return cell;
  }
}

/** The bits of all fields that `matches` names. */
function mask(definition: RegisterDefinition, matches: (field: Field) => boolean): bigint {
  let bits = 0n;
  for (const field of definition.layout.fields)
    if (matches(field))
      for (const { high, low } of field.pieces) bits |= ones(high - low + 1) << BigInt(low);
  return bits;
}

function ones(bits: number): bigint {
  return (1n << BigInt(bits)) - 1n;
}

/** Moves a value up by whole bytes, or down when the count is negative. */
function shifted(value: bigint, bytes: number): bigint {
  return bytes >= 0 ? value << BigInt(bytes * 8) : value >> BigInt(-bytes * 8);
}

function aligned(offset: number, width: 32 | 64): boolean {
  return Number.isInteger(offset) && offset >= 0 && offset % (width / 8) === 0;
}
