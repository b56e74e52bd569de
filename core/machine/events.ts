/**
 * What happened inside a simulated machine, in order: every store, register write, cache look-up,
 * invalidation, DMA and fault is one event, so that a view can step through them.
 */
import { formatBdf } from '../format/bdf.ts';
import { hex, hexByte } from '../format/hex.ts';
import { rightsText } from '../iommu/leaves.ts';
import type { Rights } from '../iommu/leaves.ts';

export type CacheName = 'context cache' | 'IOTLB';

/** How much an invalidation was asked to remove, or removed. `ignored`: an incorrect request. */
export type Granularity = 'global' | 'domain' | 'device' | 'page' | 'ignored';

/** One cached item, as far as an event tells it. */
export interface CacheKey {
  readonly cache: CacheName;
  readonly domain: number | undefined;
  /** Requester ID: context cache only. */
  readonly id?: number;
  /** First input address that the entry covers: IOTLB only. */
  readonly iova?: bigint;
  /** Bytes: IOTLB only. */
  readonly size?: bigint;
  /** Page-table pointer (context cache) or page address (IOTLB). */
  readonly pointsTo?: bigint;
  readonly rights?: Rights;
}

export type EventBody =
  | {
      readonly kind: 'memory write';
      readonly address: bigint;
      readonly before: Uint8Array;
      readonly after: Uint8Array;
      readonly why: string;
    }
  | {
      readonly kind: 'register write';
      readonly register: string;
      readonly offset: number;
      readonly width: 32 | 64;
      readonly value: bigint;
    }
  /** The unit obeyed GCMD. */
  | { readonly kind: 'command'; readonly text: string }
  | ({ readonly kind: 'cache hit' | 'cache miss' | 'cache fill' } & CacheKey)
  | {
      readonly kind: 'invalidation';
      readonly cache: CacheName;
      readonly requested: Granularity;
      readonly actual: Granularity;
      readonly scope: string;
      /** Entries that were removed. */
      readonly removed: number;
    }
  | {
      readonly kind: 'dma';
      readonly id: number;
      readonly address: bigint;
      readonly length: number;
      readonly access: 'read' | 'write';
      /** Physical address of the first byte when it was let through. */
      readonly pa: bigint | undefined;
      /** Whose memory it reached. */
      readonly owner: string | undefined;
      readonly outcome: string;
    }
  | {
      readonly kind: 'fault';
      readonly id: number;
      readonly address: bigint;
      readonly access: 'read' | 'write';
      readonly reason: number;
      readonly name: string;
      /** Where it went: a fault recording register, or why into none. */
      readonly recorded: 'recorded' | 'collapsed' | 'overflow' | 'suppressed';
      readonly index: number | undefined;
    }
  | { readonly kind: 'interrupt'; readonly address: bigint; readonly data: number };

export type MachineEvent = EventBody & {
  /** 1 for the machine's first event, and so on. */
  readonly n: number;
};

const DEFAULT_KEPT = 20_000;

/** The events of a machine; the oldest are forgotten when there are more than are kept. */
export class EventLog {
  readonly #kept: number;
  #events: MachineEvent[] = [];
  #next = 1;

  /** @param kept events to hold; older ones are dropped. */
  constructor(kept = DEFAULT_KEPT) {
    this.#kept = kept;
  }

  /** Number of the latest event; 0 before the first. */
  get last(): number {
    return this.#next - 1;
  }

  add(body: EventBody): void {
    this.#events.push({ ...body, n: this.#next++ });
    // Dropped by halves, so that each event is moved once on average.
    if (this.#events.length > 2 * this.#kept) this.#events = this.#events.slice(-this.#kept);
  }

  /** Events after number `n`, oldest first, as far as they are still held. */
  since(n: number): readonly MachineEvent[] {
    const first = this.#events[0]?.n ?? this.#next;
    return this.#events.slice(Math.max(0, n + 1 - first));
  }
}

/** An event as one line for a person. */
export function eventText(event: EventBody): string {
  switch (event.kind) {
    case 'memory write':
      return `${event.why}: ${event.after.length} bytes at ${hex(event.address)}`;
    case 'register write':
      return `${event.register} ← ${hex(event.value)}`;
    case 'command':
      return event.text;
    case 'cache hit':
      return `${event.cache} hit: ${keyText(event)}`;
    case 'cache miss':
      return `${event.cache} miss: ${keyText(event)}`;
    case 'cache fill':
      return `${event.cache} filled: ${keyText(event)}`;
    case 'invalidation':
      return invalidationText(event);
    case 'dma':
      return `${formatBdf(event.id)} ${event.access} ${event.length} bytes at ${hex(event.address)}: ${event.outcome}`;
    case 'fault':
      return `fault ${hexByte(event.reason)} (${event.name}): ${formatBdf(event.id)} ${event.access} at ${hex(event.address)}, ${FATE[event.recorded]}${event.index === undefined ? '' : ` ${event.index}`}`;
    case 'interrupt':
      return `fault event interrupt: ${hex(event.data)} to ${hex(event.address)}`;
  }
}

const FATE = {
  recorded: 'in fault recording register',
  collapsed: 'joined with the pending fault of this device in register',
  overflow: 'lost: the fault recording registers are full',
  suppressed: 'not recorded: the entry disables fault processing',
} as const;

function keyText(key: CacheKey): string {
  const parts: string[] = [];
  if (key.id !== undefined) parts.push(formatBdf(key.id));
  if (key.iova !== undefined)
    parts.push(key.size === undefined ? hex(key.iova) : `${hex(key.iova)}+${hex(key.size)}`);
  if (key.domain !== undefined) parts.push(`domain ${key.domain}`);
  if (key.pointsTo !== undefined) parts.push(`→ ${hex(key.pointsTo)}`);
  if (key.rights !== undefined) parts.push(rightsText(key.rights));
  return parts.join(' ');
}

function invalidationText(event: Extract<EventBody, { kind: 'invalidation' }>): string {
  const what = [event.cache, 'invalidation', event.requested, event.scope].filter(Boolean);
  if (event.actual === 'ignored') return `${what.join(' ')}: incorrect request, ignored`;
  const coarser = event.actual === event.requested ? '' : ` as ${event.actual}`;
  const entries = event.removed === 1 ? '1 entry' : `${event.removed} entries`;
  return `${what.join(' ')}${coarser}: ${entries} removed`;
}
