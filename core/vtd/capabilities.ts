/**
 * What a unit can do, from CAP and ECAP (VT-d §11.4.2, §11.4.3) as the walks need it. A
 * register that nobody read restricts nothing: a walk must not invent a fault from ignorance.
 */
import type { IntelFacts } from '../iommu/facts.ts';

export interface Capabilities {
  /** Maximum guest address width in bits; undefined when CAP is not known. */
  readonly guestAddressWidth: number | undefined;
  /** Bits of a physical address; 52 when neither DMAR nor the caller told it. */
  readonly hostAddressWidth: number;
  /** Bits in a domain identifier. */
  readonly domainBits: number;
  /** Bits in a PASID. */
  readonly pasidBits: number;
  /** Whether second-stage tables may have so many levels (SAGAW). */
  readonly levels: (count: number) => boolean;
  /** Second-stage pages at level 2 (2 MiB) or 3 (1 GiB). */
  readonly secondStagePage: (level: number) => boolean;
  /** First-stage pages at level 2 (always) or 3. */
  readonly firstStagePage: (level: number) => boolean;
  readonly fiveLevelFirstStage: boolean;
  readonly snoopControl: boolean;
  readonly passThrough: boolean;
  readonly deviceTlb: boolean;
  readonly scalable: boolean;
  readonly firstStage: boolean;
  readonly secondStage: boolean;
  readonly nested: boolean;
  /** RID_PASID of the context entry is used; else requests without PASID use PASID 0. */
  readonly ridPasid: boolean;
  readonly ridPrivilege: boolean;
  readonly abortMode: boolean;
  /** Host permission tables for translated requests. */
  readonly permissionTables: boolean;
  readonly pasidInTranslated: boolean;
}

const bit = (word: bigint | undefined, at: number): boolean =>
  word === undefined || ((word >> BigInt(at)) & 1n) === 1n;
const bits = (word: bigint, high: number, low: number): number =>
  Number((word >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));

/** Address bits that a page-table entry can hold. */
const ENTRY_ADDRESS_WIDTH = 52;

/** Reads CAP and ECAP of a unit. */
export function capabilitiesOf(facts: IntelFacts): Capabilities {
  const { cap, ecap } = facts;
  const sagaw = cap === undefined ? undefined : bits(cap, 12, 8);
  return {
    guestAddressWidth: cap === undefined ? undefined : bits(cap, 21, 16) + 1,
    hostAddressWidth: Math.min(facts.hostAddressWidth ?? ENTRY_ADDRESS_WIDTH, ENTRY_ADDRESS_WIDTH),
    domainBits: cap === undefined ? 16 : Math.min(4 + 2 * bits(cap, 2, 0), 16),
    pasidBits: ecap === undefined || !bit(ecap, 40) ? 20 : bits(ecap, 39, 35) + 1,
    // Tables of 2 and 6 levels have encodings, but no unit may support them.
    levels: (count) =>
      count >= 3 && count <= 5 && (sagaw === undefined || ((sagaw >> (count - 2)) & 1) === 1),
    secondStagePage: (level) => level === 1 || (level <= 3 && bit(cap, 32 + level)),
    firstStagePage: (level) => level <= 2 || (level === 3 && bit(cap, 56)),
    fiveLevelFirstStage: bit(cap, 60),
    snoopControl: bit(ecap, 7),
    passThrough: bit(ecap, 6),
    deviceTlb: bit(ecap, 2),
    scalable: bit(ecap, 43),
    firstStage: bit(ecap, 47),
    secondStage: bit(ecap, 46),
    nested: bit(ecap, 26),
    ridPasid: ecap !== undefined && bit(ecap, 49),
    ridPrivilege: ecap !== undefined && bit(ecap, 53),
    abortMode: bit(ecap, 52),
    permissionTables: bit(ecap, 55),
    pasidInTranslated: bit(ecap, 56),
  };
}
