/**
 * Register-based invalidation (VT-d 4.1 §6.5.1, §11.4.5, §11.4.7): what a request in CCMD, or in
 * IVA and IOTLB, removes from the caches. Requests complete at once.
 */
import type { Layout } from '../bits/layout.ts';
import { addressOf, valueOf, withField } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import { CCMD, iotlbRegister, ivaRegister } from '../vtd/registers-global.ts';
import type { ContextCache, Iotlb } from './caches.ts';
import type { CacheName, EventLog, Granularity } from './events.ts';

/** Layouts of IVA and IOTLB; their offset does not matter here. */
const IVA: Layout = ivaRegister(0).layout;
const IOTLB: Layout = iotlbRegister(8).layout;

/** The granularity fields of both registers; 0 says that an incorrect request was ignored. */
const CONTEXT_CODES = ['ignored', 'global', 'domain', 'device'] as const;
const IOTLB_CODES = ['ignored', 'global', 'domain', 'page'] as const;
type ContextGranularity = (typeof CONTEXT_CODES)[number];
type IotlbGranularity = (typeof IOTLB_CODES)[number];

/** How a unit widens context requests: hardware may invalidate more than it was asked to. */
export interface Widening {
  readonly domain: 'domain' | 'global';
  readonly device: 'device' | 'domain' | 'global';
}

/** A unit that does exactly what is asked. */
export const EXACT: Widening = { domain: 'domain', device: 'device' };

/**
 * A context cache invalidation.
 * @param command CCMD with ICC set
 * @returns CCMD as it reads afterwards: ICC clear, CAIG set.
 */
export function invalidateContext(
  cache: ContextCache,
  log: EventLog,
  command: bigint,
  widening: Widening,
): bigint {
  const field = (name: string): number => Number(valueOf(CCMD.layout, [command], name));
  const domain = field('DID');
  const id = field('SID');
  // FM leaves 0, 1, 2 or all 3 bits of the function number out of the comparison, from its top.
  const functions = [0, 0b100, 0b110, 0b111][field('FM')];
  const requested = CONTEXT_CODES[field('CIRG')];
  const actual = widened(requested, widening);
  let removed = 0;
  if (actual === 'global') removed = cache.remove(() => true);
  else if (actual === 'domain') removed = cache.remove((entry) => entry.domain === domain);
  else if (actual === 'device')
    removed = cache.remove(
      (entry) => entry.domain === domain && (entry.id & ~functions) === (id & ~functions),
    );
  const scope = {
    ignored: '',
    global: '',
    domain: `of domain ${domain}`,
    device: `of ${formatBdf(id)}${functions ? ` (function mask ${functions})` : ''} in domain ${domain}`,
  }[requested];
  tell(log, 'context cache', { requested, actual, scope, removed });
  return finish(CCMD.layout, command, 'ICC', 'CAIG', CONTEXT_CODES.indexOf(actual));
}

function widened(requested: ContextGranularity, widening: Widening): ContextGranularity {
  if (requested === 'domain') return widening.domain;
  return requested === 'device' ? widening.device : requested;
}

/** Of CAP: whether page-selective invalidation exists (PSI), and the largest mask (MAMV). */
export interface PageSelective {
  readonly supported: boolean;
  readonly largestMask: number;
}

/**
 * An IOTLB invalidation. The invalidation hint (IH) would spare the paging-structure caches;
 * there are none.
 * @param command IOTLB with IVT set
 * @param address IVA
 * @returns IOTLB as it reads afterwards: IVT clear, IAIG set.
 */
export function invalidateIotlb(
  cache: Iotlb,
  log: EventLog,
  command: bigint,
  address: bigint,
  pages: PageSelective,
): bigint {
  const domain = Number(valueOf(IOTLB, [command], 'DID'));
  const requested = IOTLB_CODES[Number(valueOf(IOTLB, [command], 'IIRG'))];
  const mask = Number(valueOf(IVA, [address], 'AM'));
  const bytes = 1n << BigInt(12 + mask);
  const from = addressOf(IVA, [address], 'ADDR') & ~(bytes - 1n);
  const to = from + bytes;
  const actual = possible(requested, mask, pages);
  let removed = 0;
  if (actual === 'global') removed = cache.remove(() => true);
  else if (actual === 'domain') removed = cache.remove((entry) => entry.domain === domain);
  else if (actual === 'page')
    removed = cache.remove(
      (entry) => entry.domain === domain && entry.iova < to && entry.iova + entry.size > from,
    );
  const scope = {
    ignored: '',
    global: '',
    domain: `of domain ${domain}`,
    page: `of ${hex(from)}–${hex(to - 1n)} in domain ${domain}`,
  }[requested];
  tell(log, 'IOTLB', { requested, actual, scope, removed });
  return finish(IOTLB, command, 'IVT', 'IAIG', IOTLB_CODES.indexOf(actual));
}

/** Without page-selective invalidation the whole domain goes; a mask above MAMV is an error. */
function possible(
  requested: IotlbGranularity,
  mask: number,
  pages: PageSelective,
): IotlbGranularity {
  if (requested !== 'page') return requested;
  if (!pages.supported) return 'domain';
  return mask > pages.largestMask ? 'ignored' : 'page';
}

/** A command register after its command: the go bit clear, the granularity that was used. */
function finish(of: Layout, command: bigint, go: string, used: string, code: number): bigint {
  return withField(of, withField(of, [command], go, 0n), used, BigInt(code))[0];
}

function tell(
  log: EventLog,
  cache: CacheName,
  what: { requested: Granularity; actual: Granularity; scope: string; removed: number },
): void {
  log.add({ kind: 'invalidation', cache, ...what });
}
