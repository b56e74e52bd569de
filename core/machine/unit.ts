/**
 * One VT-d unit at register level, legacy mode (VT-d 4.1). Software sees its registers and its
 * tables in memory; the unit reads the tables only when no cache answers first. Nothing but an
 * invalidation makes it look again: a store to a table has no effect on the caches.
 */
import { addressOf, valueOf } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { IntelFacts } from '../iommu/facts.ts';
import { READ, WRITE } from '../iommu/leaves.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import type { Unit, WalkResult } from '../iommu/unit.ts';
import type { WritableMmio } from '../memory/mmio.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { capabilitiesOf } from '../vtd/capabilities.ts';
import { faultReasonName } from '../vtd/reasons.ts';
import { CAP, CCMD, ECAP, GCMD, GSTS, RTADDR, VER } from '../vtd/registers-global.ts';
import { faultRecordRegisters, invalidationRegisters } from '../vtd/registers.ts';
import { CONTEXT_ENTRY } from '../vtd/tables.ts';
import { intelUnit } from '../vtd/unit.ts';
import { checkCapabilities } from './capability.ts';
import type { CachedContext, CachedTranslation } from './caches.ts';
import { ContextCache, Iotlb } from './caches.ts';
import type { CacheKey, EventLog } from './events.ts';
import { FAULT_LOGGING, FaultRecording } from './faults.ts';
import type { Widening } from './invalidation.ts';
import { EXACT, invalidateContext, invalidateIotlb } from './invalidation.ts';
import { RegisterFile } from './register-file.ts';
import type { Walker } from './walk.ts';
import { isPassThrough, walkFromRoot, walkUnder } from './walk.ts';

/** Version 1.0 of the architecture, as units with SERVER_CAP's abilities report. */
const VERSION = 0x10n;

const TE = 1n << 31n;
const SRTP = 1n << 30n;
const ICC = 1n << 63n;
const IVT = 1n << 63n;

/** Writes to this range are interrupt requests, never translated (§3.14). */
const INTERRUPTS_FIRST = 0xfee0_0000n;
const INTERRUPTS_LAST = 0xfeef_ffffn;

const READ_REFUSED = 0x06;
const WRITE_REFUSED = 0x05;

/** A memory request of a device, within one 4 KiB page. */
export interface MemoryRequest {
  /** Requester ID. */
  readonly id: number;
  readonly address: bigint;
  readonly access: 'read' | 'write';
}

export type Decision =
  /** Let through to `pa`; `by` says what decided it. */
  | {
      readonly result: 'through';
      readonly pa: bigint;
      readonly by: 'untranslated' | 'pass-through' | 'IOTLB' | 'tables';
    }
  | { readonly result: 'interrupt' }
  | {
      readonly result: 'blocked';
      readonly reason: number;
      readonly name: string;
      /** The entry disables fault processing: nothing is recorded. */
      readonly silent: boolean;
    };

/** What a request meets in caches and tables, and what it would leave in the caches. */
export interface Lookup {
  readonly decision: Decision;
  readonly contextHit?: CachedContext;
  readonly contextFill?: CachedContext;
  readonly translationHit?: CachedTranslation;
  readonly translationFill?: CachedTranslation;
  /** The domain that it was looked up in; absent when no context entry was found. */
  readonly domain?: number;
}

export interface UnitOptions {
  /** `dmar0`, `sim0`. */
  readonly name: string;
  /** Physical base of the register page. */
  readonly base: bigint;
  readonly cap: bigint;
  readonly ecap: bigint;
  /** Bits of a physical address. */
  readonly hostAddressWidth: number;
  /** How context invalidations are widened; exactly as asked when absent. */
  readonly widening?: Widening;
  /** Entries of the IOTLB. */
  readonly iotlbEntries?: number;
}

export class VtdUnit {
  readonly name: string;
  /** The unit as decoders see it; always as it is now. */
  readonly facts: IntelFacts;
  readonly contextCache = new ContextCache();
  readonly iotlb: Iotlb;
  readonly #options: UnitOptions;
  readonly #file: RegisterFile;
  readonly #memory: PhysicalMemory;
  readonly #log: EventLog;
  readonly #faults: FaultRecording;
  readonly #walker: Walker;
  /** What SRTP latched; the unit knows no other root table. */
  #rootTable = 0n;

  /** @throws RangeError when CAP or ECAP promise what this model does not have. */
  constructor(options: UnitOptions, memory: PhysicalMemory, log: EventLog) {
    checkCapabilities(options.cap, options.ecap);
    this.name = options.name;
    this.iotlb = new Iotlb(options.iotlbEntries);
    this.#options = options;
    this.#memory = memory;
    this.#log = log;
    const records = faultRecordRegisters(options.cap);
    const [iva, iotlb] = invalidationRegisters(options.ecap);
    const global = [VER, CAP, ECAP, GCMD, GSTS, RTADDR, CCMD, ...FAULT_LOGGING];
    this.#file = new RegisterFile([...global, iva, iotlb, ...records], log);
    this.#file.set(VER, VERSION);
    this.#file.set(CAP, options.cap);
    this.#file.set(ECAP, options.ecap);
    this.#faults = new FaultRecording(this.#file, records, log);
    this.#file.onWrite(GCMD, (written) => this.#command(written));
    this.#file.onWrite(CCMD, (written) => this.#contextCommand(written));
    this.#file.onWrite(iotlb, (written) => this.#iotlbCommand(written, iva, iotlb));
    this.facts = this.#liveFacts(() => (this.#rootPointerSet ? this.#rootTable : undefined));
    const facts = this.#liveFacts(() => this.#rootTable);
    this.#walker = { facts, memory, capabilities: capabilitiesOf(facts) };
  }

  get registers(): WritableMmio {
    return this.#file;
  }

  get base(): bigint {
    return this.#options.base;
  }

  get cap(): bigint {
    return this.#options.cap;
  }

  get ecap(): bigint {
    return this.#options.ecap;
  }

  /** GSTS.TES. */
  get translationEnabled(): boolean {
    return valueOf(GSTS.layout, [this.#file.get(GSTS)], 'TES') === 1n;
  }

  /** Physical address of the root table in use; 0 until SRTP was given. */
  get rootTable(): bigint {
    return this.#rootTable;
  }

  /** The tables in memory, in the view that captured units have; always as they are now. */
  view(): Unit {
    return intelUnit(this.facts, this.#memory);
  }

  /** Decides a request as `translate` does, and leaves no trace in caches, faults or events. */
  peek(request: MemoryRequest): Lookup {
    const { address, access } = request;
    if (!this.translationEnabled)
      return { decision: { result: 'through', pa: address, by: 'untranslated' } };
    const walked = { ...request, pasid: undefined };
    if (address >= INTERRUPTS_FIRST && address <= INTERRUPTS_LAST) {
      if (access === 'write') return { decision: { result: 'interrupt' } };
      return { decision: decisionOf(walkFromRoot(this.#walker, walked).walk) };
    }
    const contextHit = this.contextCache.get(request.id);
    if (contextHit)
      return {
        contextHit,
        ...this.#underContext(contextHit, request, () =>
          walkUnder(this.#walker, contextHit, walked),
        ),
      };
    const { walk, context } = walkFromRoot(this.#walker, walked);
    if (!context) return { decision: decisionOf(walk) };
    return { contextFill: context, ...this.#underContext(context, request, () => walk) };
  }

  /** Decides a request: caches are used and filled, a blocked request is recorded. */
  translate(request: MemoryRequest): Decision {
    const lookup = this.peek(request);
    this.#tell(request, lookup);
    if (lookup.contextFill) this.contextCache.put(lookup.contextFill);
    if (lookup.translationFill) this.iotlb.put(lookup.translationFill);
    const { decision } = lookup;
    if (decision.result === 'blocked') {
      const fault = { ...request, reason: decision.reason, name: decision.name };
      if (decision.silent) this.#faults.suppress(fault);
      else this.#faults.record(fault);
    }
    return decision;
  }

  /** The walk of a request under a cached context entry, without the IOTLB. */
  walkCached(context: CachedContext, request: MemoryRequest): WalkResult {
    return walkUnder(this.#walker, context, { ...request, pasid: undefined });
  }

  get #rootPointerSet(): boolean {
    return valueOf(GSTS.layout, [this.#file.get(GSTS)], 'RTPS') === 1n;
  }

  #liveFacts(rootTable: () => bigint | undefined): IntelFacts {
    const { name, base, cap, ecap, hostAddressWidth } = this.#options;
    const translationEnabled = (): boolean => this.translationEnabled;
    return {
      vendor: 'intel',
      segment: 0,
      name,
      base,
      cap,
      ecap,
      hostAddressWidth,
      from: 'simulated',
      registers: this.#file,
      get translationEnabled() {
        return translationEnabled();
      },
      get rootTable() {
        return rootTable();
      },
      mode: 'legacy',
      interrupts: undefined,
      queue: undefined,
    };
  }

  /** The part of a look-up below a context entry: the IOTLB, then the tables. */
  #underContext(context: CachedContext, request: MemoryRequest, walkNow: () => WalkResult): Lookup {
    const { domain } = context;
    const { address } = request;
    if (isPassThrough(context)) {
      const decision = decisionOf(walkNow());
      return decision.result === 'through'
        ? { decision: { ...decision, by: 'pass-through' }, domain }
        : { decision, domain };
    }
    const translationHit = this.iotlb.get(domain, address);
    if (translationHit)
      return { decision: fromIotlb(translationHit, context, request), domain, translationHit };
    const walk = walkNow();
    const decision = decisionOf(walk);
    if (walk.result !== 'translated') return { decision, domain };
    const { pa, size, rights } = walk;
    const offset = address & (size - 1n);
    const translationFill = { domain, iova: address - offset, pa: pa - offset, size, rights };
    return { decision, domain, translationFill };
  }

  /** Writes down what a look-up met, in the order in which hardware meets it. */
  #tell(request: MemoryRequest, lookup: Lookup): void {
    const { decision, domain, contextHit, contextFill } = lookup;
    if (decision.result === 'interrupt') return;
    if (decision.result === 'through' && decision.by === 'untranslated') return;
    const context = { cache: 'context cache', id: request.id } as const;
    if (contextHit) this.#log.add({ kind: 'cache hit', ...context, ...contextKey(contextHit) });
    else this.#log.add({ kind: 'cache miss', ...context, domain: undefined });
    if (contextFill) this.#log.add({ kind: 'cache fill', ...context, ...contextKey(contextFill) });
    if (domain === undefined) return;
    if (decision.result === 'through' && decision.by === 'pass-through') return;
    const { translationHit, translationFill } = lookup;
    const page = { cache: 'IOTLB', domain, iova: request.address } as const;
    if (translationHit)
      this.#log.add({ kind: 'cache hit', ...page, ...translationKey(translationHit) });
    else this.#log.add({ kind: 'cache miss', ...page });
    if (translationFill)
      this.#log.add({ kind: 'cache fill', ...page, ...translationKey(translationFill) });
  }

  /**
   * GCMD written (§11.4.4): SRTP latches RTADDR, TE follows its bit. The other commands belong to
   * abilities that the unit does not have, and do nothing.
   */
  #command(written: bigint): void {
    if (written & SRTP) {
      this.#rootTable = addressOf(RTADDR.layout, [this.#file.get(RTADDR)], 'RTA');
      this.#file.set(GSTS, this.#file.get(GSTS) | SRTP);
      const text = `root table pointer set: the unit uses ${hex(this.#rootTable)} from now on`;
      this.#log.add({ kind: 'command', text });
      if (valueOf(CAP.layout, [this.cap], 'ESRTPS') === 1n) this.#invalidateAll();
    }
    const enable = (written & TE) !== 0n;
    if (enable === this.translationEnabled) return;
    this.#file.set(GSTS, this.#file.get(GSTS) ^ TE);
    this.#log.add({ kind: 'command', text: `DMA remapping ${enable ? 'enabled' : 'disabled'}` });
  }

  #contextCommand(written: bigint): void {
    if (!(written & ICC)) return;
    const widening = this.#options.widening ?? EXACT;
    const command = this.#file.get(CCMD);
    this.#file.set(CCMD, invalidateContext(this.contextCache, this.#log, command, widening));
  }

  #iotlbCommand(written: bigint, iva: RegisterDefinition, iotlb: RegisterDefinition): void {
    if (!(written & IVT)) return;
    const pages = {
      supported: valueOf(CAP.layout, [this.cap], 'PSI') === 1n,
      largestMask: Number(valueOf(CAP.layout, [this.cap], 'MAMV')),
    };
    const [command, address] = [this.#file.get(iotlb), this.#file.get(iva)];
    const after = invalidateIotlb(this.iotlb, this.#log, command, address, pages);
    this.#file.set(iotlb, after);
  }

  /** What SRTP does by itself on a unit with CAP.ESRTPS. */
  #invalidateAll(): void {
    const told = {
      kind: 'invalidation',
      requested: 'global',
      actual: 'global',
      scope: 'with the root table pointer',
    } as const;
    const contexts = this.contextCache.remove(() => true);
    this.#log.add({ ...told, cache: 'context cache', removed: contexts });
    const translations = this.iotlb.remove(() => true);
    this.#log.add({ ...told, cache: 'IOTLB', removed: translations });
  }
}

function decisionOf(walk: WalkResult): Decision {
  switch (walk.result) {
    case 'translated':
      return { result: 'through', pa: walk.pa, by: 'tables' };
    case 'fault':
      return {
        result: 'blocked',
        reason: walk.reason,
        name: walk.name,
        silent: walk.silent ?? false,
      };
    case 'unknown':
      throw new Error('a walk over simulated memory met a page of which nothing is known');
  }
}

/**
 * A hit decides by the rights that were cached; the entry in memory, which may grant more by now,
 * is not looked at. (The specification leaves open whether hardware walks again before it
 * refuses; software must not rely on it.)
 */
function fromIotlb(
  entry: CachedTranslation,
  context: CachedContext,
  request: MemoryRequest,
): Decision {
  const read = request.access === 'read';
  if (entry.rights & (read ? READ : WRITE))
    return { result: 'through', pa: entry.pa + (request.address - entry.iova), by: 'IOTLB' };
  const reason = read ? READ_REFUSED : WRITE_REFUSED;
  const silent = valueOf(CONTEXT_ENTRY, context.words, 'FPD') === 1n;
  return { result: 'blocked', reason, name: faultReasonName(reason), silent };
}

function contextKey(entry: CachedContext): Pick<CacheKey, 'domain' | 'pointsTo'> {
  return { domain: entry.domain, pointsTo: entry.words[0] & ~0xfffn };
}

function translationKey(entry: CachedTranslation): Omit<CacheKey, 'cache' | 'id'> {
  const { domain, iova, size, pa, rights } = entry;
  return { domain, iova, size, pointsTo: pa, rights };
}
