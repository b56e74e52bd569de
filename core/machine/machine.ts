/**
 * A simulated platform: memory, one remapping unit in front of it, and the door through which
 * devices do DMA. Deterministic: what happens depends only on what was written and asked before.
 */
import { hex, hexByte } from '../format/hex.ts';
import { isKnown, PAGE_SIZE, pfnOf } from '../memory/physical.ts';
import { EventLog } from './events.ts';
import type { MemoryRange } from './memory.ts';
import { SimulatedMemory } from './memory.ts';
import type { Decision, UnitOptions } from './unit.ts';
import { VtdUnit } from './unit.ts';

/** A DMA as a device asks for it; any length, split at 4 KiB boundaries on its way. */
export interface Dma {
  /** Requester ID. */
  readonly id: number;
  readonly address: bigint;
  /** Bytes, 1 or more. */
  readonly length: number;
  readonly access: 'read' | 'write';
  /** Write: the bytes to store; zeros where it is shorter. */
  readonly data?: Uint8Array;
}

/** What became of the part of a DMA that lies within one page. */
export interface DmaPiece {
  readonly address: bigint;
  readonly length: number;
  readonly decision: Decision;
  /** Owner of the physical address that it reached; undefined when blocked or nowhere. */
  readonly owner: string | undefined;
}

export interface DmaResult {
  readonly pieces: readonly DmaPiece[];
  /** True when every piece reached memory. */
  readonly ok: boolean;
  /** Read: the bytes, as far as they came; all ones where nothing answered. */
  readonly data: Uint8Array;
  /** In words: `done`, `blocked at 0xfffff000: reason 0x06 (…)`. */
  readonly text: string;
}

export interface MachineOptions {
  readonly memory: readonly MemoryRange[];
  readonly unit: UnitOptions;
  /** Events to keep; older ones are dropped. */
  readonly events?: number;
}

/** What a device reads where no memory answers. */
const NO_ANSWER = 0xff;

export class Machine {
  readonly memory: SimulatedMemory;
  readonly unit: VtdUnit;
  readonly log: EventLog;

  constructor(options: MachineOptions) {
    this.log = new EventLog(options.events);
    this.memory = new SimulatedMemory(options.memory);
    this.memory.observe(({ address, before, after, text }) =>
      this.log.add({ kind: 'memory write', address, before, after, why: text }),
    );
    this.unit = new VtdUnit(options.unit, this.memory, this.log);
  }

  /**
   * A device reads or writes memory. A read ends at the first piece that is blocked, since its
   * request is answered with an error; writes are posted, and the device learns nothing.
   */
  dma(request: Dma): DmaResult {
    const { id, access } = request;
    const data = new Uint8Array(request.length).fill(access === 'read' ? NO_ANSWER : 0);
    if (access === 'write' && request.data) data.set(request.data.subarray(0, request.length));
    const pieces: DmaPiece[] = [];
    let done = 0;
    while (done < request.length) {
      const address = request.address + BigInt(done);
      const length = Math.min(request.length - done, PAGE_SIZE - Number(address & 0xfffn));
      const piece = this.#piece({ id, address, access }, data.subarray(done, done + length));
      pieces.push(piece);
      done += length;
      if (access === 'read' && piece.decision.result === 'blocked') break;
    }
    const ok = pieces.every((piece) => piece.owner !== undefined);
    return { pieces, ok, data, text: resultText(pieces) };
  }

  #piece(
    request: { id: number; address: bigint; access: 'read' | 'write' },
    bytes: Uint8Array,
  ): DmaPiece {
    const decision = this.unit.translate(request);
    const pa = decision.result === 'through' ? decision.pa : undefined;
    const reached = pa === undefined ? undefined : this.#reach(request, pa, bytes);
    const piece = { address: request.address, length: bytes.length, decision, owner: reached };
    const { length } = bytes;
    const outcome = pieceText(piece);
    this.log.add({ kind: 'dma', ...request, length, pa, owner: reached, outcome });
    return piece;
  }

  /** Moves bytes between a device and memory. @returns the owner of the memory, if any. */
  #reach(
    request: { id: number; access: 'read' | 'write' },
    pa: bigint,
    bytes: Uint8Array,
  ): string | undefined {
    const page = this.memory.page(pfnOf(pa));
    if (!isKnown(page)) return undefined;
    if (request.access === 'write') this.memory.write(pa, bytes, 'DMA write');
    else bytes.set(page.subarray(Number(pa & 0xfffn), Number(pa & 0xfffn) + bytes.length));
    return this.memory.rangeAt(pa)?.owner;
  }
}

function pieceText({ decision, owner }: Pick<DmaPiece, 'decision' | 'owner'>): string {
  switch (decision.result) {
    case 'interrupt':
      return 'taken as an interrupt request';
    case 'blocked':
      return `blocked, reason ${hexByte(decision.reason)} (${decision.name})`;
    case 'through':
      return owner === undefined
        ? `no memory at ${hex(decision.pa)}`
        : `reached ${hex(decision.pa)} (${owner})`;
  }
}

function resultText(pieces: readonly DmaPiece[]): string {
  const wrong = pieces.find((piece) => piece.owner === undefined);
  if (!wrong) return 'done';
  return `${hex(wrong.address)}: ${pieceText(wrong)}`;
}
