import { bytesFromDigits, bytesToDigits } from '../../core/format/bytes.ts';
import { parseBdf } from '../../core/format/bdf.ts';
import { hex } from '../../core/format/hex.ts';
import type { Machine } from '../../core/machine/machine.ts';
import { MAX_ACTS, type KeptAct, type KeptMachine } from '../../core/session/session-file.ts';

/**
 * What was done to each simulated machine, in order. A machine does the same when the same is
 * done to it, so that repeating its acts makes it what it was: memory, registers, caches, faults.
 */
export class MachineActs {
  readonly #machines = new Map<string, { acts: KeptAct[]; more: boolean }>();

  /** Starts the record of a machine, with what a session remembers of it. */
  begin(name: string, acts: readonly KeptAct[] = [], more = false): void {
    this.#machines.set(name, { acts: [...acts], more });
  }

  did(name: string, act: KeptAct): void {
    const machine = this.#machines.get(name);
    if (!machine) return;
    if (machine.acts.length < MAX_ACTS) machine.acts.push(act);
    else machine.more = true;
  }

  stored(name: string, address: bigint, bytes: Uint8Array): void {
    this.did(name, { act: 'store', address: hex(address), bytes: bytesToDigits(bytes) });
  }

  forget(name: string): void {
    this.#machines.delete(name);
  }

  clear(): void {
    this.#machines.clear();
  }

  kept(): KeptMachine[] {
    return [...this.#machines].map(([name, { acts, more }]) => ({
      name,
      acts: [...acts],
      ...(more ? { more } : {}),
    }));
  }
}

/**
 * Does to a fresh machine what was done to another.
 * @returns how many acts could not be repeated; those of a session that was changed by hand
 */
export function repeatActs(machine: Machine, acts: readonly KeptAct[]): number {
  let failed = 0;
  for (const act of acts) {
    try {
      repeatAct(machine, act);
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      failed++;
    }
  }
  return failed;
}

/** @throws RangeError when the act does not fit the machine. */
function repeatAct(machine: Machine, act: KeptAct): void {
  switch (act.act) {
    case 'register':
      machine.unit.registers.write(Number(BigInt(act.offset)), act.width, BigInt(act.value));
      return;
    case 'dma': {
      const { id } = parseBdf(act.bdf)!;
      machine.dma({ id, address: BigInt(act.address), length: act.length, access: act.access });
      return;
    }
    case 'store': {
      const bytes = bytesFromDigits(act.bytes) ?? new Uint8Array(0);
      const made = machine.memory.write(BigInt(act.address), bytes, 'changed here');
      if (typeof made === 'string') throw new RangeError(`no memory at ${act.address}`);
    }
  }
}
