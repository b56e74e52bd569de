/**
 * Where QEMU's VT-d unit does not do what the specification says: by rule, each with its
 * reason. The rules make, of a world that follows the specification, the world as QEMU sees it;
 * the test accepts what either of them predicts and counts which rule was needed. A rule changes
 * what the two decide differently only: one that decided anew would hide a mistake of our walk.
 */
import { valueOf, withField } from '../../core/bits/layout.ts';
import type { IntelFacts } from '../../core/iommu/facts.ts';
import type { Entry, WalkRequest, WalkResult } from '../../core/iommu/unit.ts';
import { OverlayMemory } from '../../core/memory/overlay.ts';
import type { PhysicalMemory } from '../../core/memory/physical.ts';
import { capabilitiesOf } from '../../core/vtd/capabilities.ts';
import { beyondHost, unsupportedFields } from '../../core/vtd/reserved.ts';
import { intelUnit } from '../../core/vtd/unit.ts';

export interface World {
  readonly facts: IntelFacts;
  readonly memory: PhysicalMemory;
}

/** What becomes of a request: it reaches an address, or it is refused with or without a record. */
export type Prediction =
  | { readonly pa: bigint }
  | { readonly reason: number; readonly recorded: boolean }
  | { readonly undecided: true };

export interface Deviation {
  readonly name: string;
  readonly why: string;
  /** The world as QEMU sees it, where it differs in what it reads. */
  readonly world?: (world: World, request: WalkRequest) => World;
  /** The outcome as QEMU reports it, where it differs in what it says. */
  readonly outcome?: (
    prediction: Prediction,
    walk: WalkResult,
    request: WalkRequest,
    facts: IntelFacts,
  ) => Prediction;
}

const SNOOP_CONTROL = 1n << 7n;
const RID_PASID = 1n << 49n;
/** PDTS of a PASID directory with room for every PASID. */
const LARGEST_DIRECTORY = 7n;
const RESERVED_IN_CONTEXT = new Set([0x0b, 0x42]);
/** An address where this machine has no memory, inside every host address width. */
const NOWHERE = 0x7fff_f000n;

/** The reasons of scalable mode that QEMU reports with legacy mode's numbers. */
const LEGACY_NUMBERS: Readonly<Record<number, readonly [read: number, write: number]>> = {
  0x38: [0x08, 0x08],
  0x39: [0x01, 0x01],
  0x3a: [0x0a, 0x0a],
  0x40: [0x09, 0x09],
  0x41: [0x02, 0x02],
  0x42: [0x0b, 0x0b],
  0x78: [0x07, 0x07],
  0x79: [0x06, 0x05],
  0x7a: [0x0c, 0x0c],
  0x7b: [0x03, 0x03],
  0x84: [0x04, 0x04],
  0x85: [0x05, 0x05],
  0x86: [0x06, 0x06],
};
/** Unreadable, absent, reserved: what an entry below one without the right may say. */
const LATER_IN_SECOND_STAGE = new Set([0x78, 0x79, 0x7a]);
/** The reasons about RID_PASID, PASID directory and table, of which QEMU knows one. */
const PASID_REASONS = new Set([0x43, 0x50, 0x51, 0x58, 0x59, 0x5b]);

export const RID_PASID_RULE: Deviation = {
  name: 'RID_PASID without RPS',
  why: 'QEMU uses RID_PASID although its ECAP does not report RPS',
  world: (world) =>
    world.facts.mode === 'scalable'
      ? { ...world, facts: { ...world.facts, ecap: world.facts.ecap! | RID_PASID } }
      : world,
};

export const DIRECTORY_SIZE_RULE: Deviation = {
  name: 'size of the PASID directory',
  why: 'QEMU looks RID_PASID up beyond the end that PDTS gives the PASID directory',
  world: (world, request) =>
    poke(world, request, 'context entry', (entry) =>
      withField(entry.layout, entry.words, 'PDTS', LARGEST_DIRECTORY),
    ),
};

export const PASID_RESERVED_RULE: Deviation = {
  name: 'PASID structures: reserved bits',
  why: 'QEMU does not check reserved bits of PASID directory and table entries',
  world: (world, request) => {
    const cleared = poke(world, request, 'PASID directory entry', (entry) =>
      withoutReserved(world, entry, ['SMPTBLPTR']),
    );
    return poke(cleared, request, 'PASID table entry', (entry) =>
      withoutReserved(world, entry, ['SSPTPTR', 'FSPTPTR']),
    );
  },
};

export const SNOOP_RULE: Deviation = {
  name: 'SNP in scalable mode',
  why: 'QEMU allows SNP in scalable mode although its ECAP does not report SC',
  world: (world) =>
    world.facts.mode === 'scalable'
      ? { ...world, facts: { ...world.facts, ecap: world.facts.ecap! | SNOOP_CONTROL } }
      : world,
};

export const PASS_THROUGH_RULE: Deviation = {
  name: 'pass-through beyond the host address width',
  why: 'QEMU does not check the address of a pass-through request',
  outcome: (prediction, walk, request) => {
    const last = walk.steps.at(-1);
    return last?.text.startsWith('pass-through beyond') ? { pa: request.address } : prediction;
  },
};

export const SECOND_STAGE_RIGHTS_RULE: Deviation = {
  name: 'rights entry by entry in scalable mode',
  why: 'QEMU refuses at the first second-stage entry without the right, before it looks further',
  outcome: (prediction, walk, { access }) => {
    if (!('reason' in prediction) || !LATER_IN_SECOND_STAGE.has(prediction.reason))
      return prediction;
    const needed = access === 'write' ? 2n : 1n;
    const refused = walk.steps.some(
      ({ entry }) => entry?.layout.name.startsWith('SS-') && (entry.words[0] & needed) === 0n,
    );
    return refused ? { ...prediction, reason: access === 'write' ? 0x85 : 0x86 } : prediction;
  },
};

export const CONTEXT_RECORD_RULE: Deviation = {
  name: 'reserved bits of a context entry with FPD',
  why: 'QEMU records them although FPD is set',
  outcome: (prediction) =>
    'reason' in prediction && RESERVED_IN_CONTEXT.has(prediction.reason)
      ? { ...prediction, recorded: true }
      : prediction,
};

export const LEGACY_REASONS_RULE: Deviation = {
  name: 'legacy reasons in scalable mode',
  why: "QEMU reports legacy mode's reasons for root, context and second-stage entries",
  outcome: (prediction, walk, { access }) => {
    if (!('reason' in prediction) || usesFirstStage(walk)) return prediction;
    const numbers = LEGACY_NUMBERS[prediction.reason];
    return numbers ? { ...prediction, reason: numbers[access === 'write' ? 1 : 0] } : prediction;
  },
};

/** Whether a walk met first-stage entries, whose reasons have no number of legacy mode. */
const usesFirstStage = (walk: WalkResult): boolean =>
  walk.steps.some(({ entry }) => entry?.layout.name.startsWith('FS-'));

/** The rules of QEMU 7.2, in the order in which its code meets them. */
export const QEMU_DEVIATIONS: readonly Deviation[] = [
  RID_PASID_RULE,
  DIRECTORY_SIZE_RULE,
  PASID_RESERVED_RULE,
  {
    name: 'PASID entry: AW with every PGTT',
    why: 'QEMU refuses an unsupported AW although the translation type does not use it',
    world: (world, request) =>
      poke(world, request, 'PASID table entry', (entry) => {
        const levels = Number(valueOf(entry.layout, entry.words, 'AW')) + 2;
        const valid = capabilitiesOf(world.facts).levels(levels);
        return valid ? entry.words : withField(entry.layout, entry.words, 'PGTT', 7n);
      }),
  },
  {
    name: 'PGTT first-stage and nested',
    why: 'QEMU 7.2 knows no first stage: it accepts these types and walks the second-stage table',
    world: (world, request) =>
      poke(world, request, 'PASID table entry', (entry) => {
        const type = valueOf(entry.layout, entry.words, 'PGTT');
        return type === 1n || type === 3n
          ? withField(entry.layout, entry.words, 'PGTT', 2n)
          : entry.words;
      }),
  },
  SNOOP_RULE,
  PASS_THROUGH_RULE,
  {
    name: 'PASID structures: one reason',
    why: 'QEMU reports every fault of PASID directory and table as 0x58, whatever FPD says',
    outcome: (prediction) =>
      'reason' in prediction && PASID_REASONS.has(prediction.reason)
        ? { reason: 0x58, recorded: true }
        : prediction,
  },
  SECOND_STAGE_RIGHTS_RULE,
  CONTEXT_RECORD_RULE,
  LEGACY_REASONS_RULE,
];

/** What the specification says of a request in a world. */
export function predict(
  world: World,
  request: WalkRequest,
): { walk: WalkResult; prediction: Prediction } {
  const walk = intelUnit(world.facts, world.memory).walk(request);
  return { walk, prediction: predictionOf(walk) };
}

function predictionOf(walk: WalkResult): Prediction {
  if (walk.result === 'translated') return { pa: walk.pa };
  if (walk.result === 'fault') return { reason: walk.reason, recorded: walk.silent !== true };
  return { undecided: true };
}

/** What QEMU does with a request, and the rules by which that differs from the specification. */
export function predictQemu(
  world: World,
  request: WalkRequest,
  deviations: readonly Deviation[],
): {
  readonly walk: WalkResult;
  readonly prediction: Prediction;
  readonly rules: readonly string[];
} {
  const rules: string[] = [];
  let seen = world;
  let { walk, prediction } = predict(world, request);
  for (const rule of deviations) {
    const before = prediction;
    if (rule.world) {
      seen = rule.world(seen, request);
      ({ walk, prediction } = predict(seen, request));
    }
    if (rule.outcome) prediction = rule.outcome(prediction, walk, request, seen.facts);
    if (!same(before, prediction)) rules.push(rule.name);
  }
  return { walk, prediction, rules };
}

function same(a: Prediction, b: Prediction): boolean {
  if ('pa' in a && 'pa' in b) return a.pa === b.pa;
  if ('reason' in a && 'reason' in b) return a.reason === b.reason && a.recorded === b.recorded;
  return 'undecided' in a && 'undecided' in b;
}

/** The entry of a kind that a walk met, be it the one that ended it. */
export const entryOf = (walk: WalkResult, what: string): Entry | undefined =>
  walk.steps.find((step) => step.what === what)?.entry;

/** The world with one entry changed, where a scalable-mode request comes to it. */
function poke(
  world: World,
  request: WalkRequest,
  what: string,
  change: (entry: Entry) => readonly bigint[],
): World {
  if (world.facts.mode !== 'scalable') return world;
  const entry = entryOf(predict(world, request).walk, what);
  if (!entry) return world;
  const words = change(entry);
  if (words.every((word, at) => word === entry.words[at])) return world;
  const memory = new OverlayMemory(world.memory);
  const bytes = new Uint8Array(new BigUint64Array(words).buffer);
  memory.write(entry.address, bytes, 'as QEMU sees it');
  return { ...world, memory };
}

/** The entry with its reserved bits cleared; a pointer beyond the address width leads nowhere. */
function withoutReserved(
  world: World,
  entry: Entry,
  pointers: readonly string[],
): readonly bigint[] {
  let words: readonly bigint[] = entry.words;
  const capabilities = capabilitiesOf(world.facts);
  for (const field of entry.layout.fields)
    if (field.kind === 'reserved') words = withField(entry.layout, words, field.name, 0n);
  for (const { name } of unsupportedFields(capabilities, entry.layout))
    words = withField(entry.layout, words, name, 0n);
  const beyond = beyondHost(capabilities, 63) >> 12n;
  for (const field of entry.layout.fields) {
    if (field.kind !== 'address') continue;
    const value = valueOf(entry.layout, words, field.name);
    if ((value & beyond) === 0n) continue;
    const changed = pointers.includes(field.name) ? NOWHERE >> 12n : 0n;
    words = withField(entry.layout, words, field.name, changed);
  }
  return words;
}
