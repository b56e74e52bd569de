import { setImmediate as nextTurn } from 'node:timers/promises';
import { hex, parseHex } from '../../../core/format/hex.ts';
import { SpacePages } from '../../../core/memory/address-space.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { readNeedle, searchMemory } from '../../../core/memory/search.ts';
import type { CallHandlers, CallInput, CallOutput } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';
import { worldOf } from './map.ts';
import { kernelOf, spaceOf } from './memory-spaces.ts';
import { addressOfPfn } from '../../../core/memory/physical.ts';

/** How long one answer may take, and one turn, ms. */
const ANSWER = 1000;
const TURN = 10;

/** Search in memory, and symbols of the kernel. */
export function memorySearchCalls(bench: Workbench): CallHandlers {
  return {
    'memory.search': (request, { signal }) => search(bench, request, signal),
    'memory.symbol': ({ text }) => symbolAddress(bench, text),
  };
}

async function search(
  bench: Workbench,
  { unit, space, kind, value, from, most }: CallInput<'memory.search'>,
  signal: AbortSignal,
): Promise<CallOutput<'memory.search'>> {
  const shown = space && spaceOf(bench, space, unit);
  const memory = shown ? new SpacePages(shown.space, shown.memory) : worldOf(bench, unit).memory;
  const needle = readNeedle(kind, value);
  if (typeof needle === 'string')
    throw new Failure('usage', needle, 'Nothing was looked for.', 'Type it anew.');
  const until = performance.now() + ANSWER;
  let turn = performance.now() + TURN;
  const found: string[] = [];
  let pages = 0;
  let unknown = 0;
  const answer = (next: bigint | undefined): CallOutput<'memory.search'> => ({
    found,
    length: needle.bytes.length,
    next: next === undefined ? undefined : hex(next),
    pages,
    unknown,
  });
  for (const step of searchMemory(memory, needle, BigInt(from))) {
    pages += step.pages;
    if (!step.known) unknown++;
    for (const at of step.found) {
      found.push(hex(at));
      if (found.length === most) return answer(at + 1n);
    }
    const now = performance.now();
    if (now < turn) continue;
    await nextTurn();
    signal.throwIfAborted();
    // The end of this page may hold the beginning of what ends in the next one.
    if (now >= until) {
      const next = addressOfPfn(step.next) - BigInt(needle.bytes.length - 1);
      return answer(next > 0n ? next : 0n);
    }
    turn = performance.now() + TURN;
  }
  return answer(undefined);
}

/** @throws Failure when there is no kernel, or no such symbol */
function symbolAddress(bench: Workbench, text: string): CallOutput<'memory.symbol'> {
  const kernel = kernelOf(bench);
  const name = text.trim();
  const symbol = kernel.symbols()?.address(name);
  const virtual = symbol ?? (/^(?:0x)?[0-9a-f]{1,16}$/i.test(name) ? parseHex(name) : undefined);
  if (virtual === undefined)
    throw new Failure(
      'usage',
      `The kernel has no symbol "${name}", and it is no virtual address.`,
      'A virtual address has up to 16 hexadecimal digits.',
      'Write the whole name of a symbol, or an address such as 0xffffffff82000000.',
    );
  return { address: hex(virtual), name: symbol === undefined ? undefined : name };
}
