import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseBdf } from '../../../core/format/bdf.ts';
import { hex, parseHex } from '../../../core/format/hex.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { readNeedle, searchMemory } from '../../../core/memory/search.ts';
import type { CallHandlers, CallInput, CallOutput } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';
import { worldOf } from './map.ts';
import { addressOfPfn } from '../../../core/memory/physical.ts';

/** How long one answer may take, and one turn, ms. */
const ANSWER = 1000;
const TURN = 10;

/** Search in memory, and the physical addresses of other spaces' addresses. */
export function memorySearchCalls(bench: Workbench): CallHandlers {
  return {
    'memory.search': (request, { signal }) => search(bench, request, signal),
    'memory.resolve': (request) =>
      request.space === 'virtual'
        ? resolveVirtual(bench, request.text)
        : resolveDevice(bench, request),
  };
}

async function search(
  bench: Workbench,
  { unit, kind, value, from, most }: CallInput<'memory.search'>,
  signal: AbortSignal,
): Promise<CallOutput<'memory.search'>> {
  const { memory } = worldOf(bench, unit);
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
    pages++;
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
    if (now >= until) return answer(addressOfPfn(step.next) - BigInt(needle.bytes.length - 1));
    turn = performance.now() + TURN;
  }
  return answer(undefined);
}

/** @throws Failure when there is no kernel, no such symbol, or its page tables do not map it */
function resolveVirtual(bench: Workbench, text: string): CallOutput<'memory.resolve'> {
  const kernel = bench.investigation?.kernel();
  if (!kernel)
    throw new Failure(
      'unreadable',
      'No kernel was found in what is open.',
      'Virtual addresses and symbols belong to a kernel.',
      'Give a physical address.',
    );
  const name = text.trim();
  const symbol = kernel.symbols()?.address(name);
  const virtual = symbol ?? (name.length > 8 ? parseHex(name) : undefined);
  if (virtual === undefined)
    throw new Failure(
      'usage',
      `The kernel has no symbol "${name}", and it is no virtual address.`,
      'Virtual addresses have more than eight hexadecimal digits.',
      'Write the whole name of a symbol, or an address such as 0xffffffff82000000.',
    );
  const physical = kernel.memory.translate(virtual);
  if (physical === undefined)
    throw new Failure(
      'unreadable',
      `${hex(virtual)} is not mapped by the kernel, or its page tables are not in the dump.`,
      'It has no physical address that could be shown.',
      'Choose another address.',
    );
  const label = symbol === undefined ? `virtual ${hex(virtual)}` : `${name}, ${hex(virtual)}`;
  return { physical: hex(physical), label };
}

/** @throws Failure when the device's request would not be translated */
function resolveDevice(
  bench: Workbench,
  request: Extract<CallInput<'memory.resolve'>, { space: 'iova' }>,
): CallOutput<'memory.resolve'> {
  const { bdf, pasid, address } = request;
  const unit =
    request.unit === undefined ? bench.worlds.serving(bdf) : bench.worlds.unit(request.unit).unit;
  const id = parseBdf(bdf)?.id;
  if (!unit || id === undefined)
    throw new Failure(
      'unreadable',
      `No unit serves ${bdf}.`,
      'Its addresses can not be translated.',
      'Choose a device of the session.',
    );
  for (const access of ['read', 'write'] as const) {
    const walk = unit.walk({ id, pasid, address: BigInt(address), access });
    if (walk.result === 'translated')
      return { physical: hex(walk.pa), label: `IOVA ${address} of ${bdf}` };
  }
  throw new Failure(
    'unreadable',
    `${address} of ${bdf} is not mapped, or its tables are not in the dump.`,
    'It has no physical address that could be shown.',
    'Look at its walk in Translate.',
  );
}
