/**
 * Where QEMU 7.2's VT-d unit does not do what the specification says: by rule, each with its
 * reason. The rules make, of a world that follows the specification, the world as QEMU sees it;
 * the test accepts what either of them predicts and counts which rule was needed.
 */
import { valueOf, withField } from '../../core/bits/layout.ts';
import type { IntelFacts } from '../../core/iommu/facts.ts';
import type { Entry, WalkRequest, WalkResult } from '../../core/iommu/unit.ts';
import { OverlayMemory } from '../../core/memory/overlay.ts';
import type { PhysicalMemory } from '../../core/memory/physical.ts';
import { capabilitiesOf } from '../../core/vtd/capabilities.ts';
import { contextEntry, defaultPasid, directoryEntry, pasidEntry } from '../../core/vtd/devices.ts';
import { beyondHost } from '../../core/vtd/reserved.ts';
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
  readonly outcome?: (prediction: Prediction, walk: WalkResult, request: WalkRequest) => Prediction;
}

const SNOOP_CONTROL = 1n << 7n;
const RID_PASID = 1n << 49n;
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
/** The reasons about RID_PASID, PASID directory and table, of which QEMU knows one. */
const PASID_REASONS = new Set([0x43, 0x50, 0x51, 0x58, 0x59, 0x5b]);

/** The rules, in the order in which QEMU's code meets them. */
export const QEMU_DEVIATIONS: readonly Deviation[] = [
  {
    name: 'RID_PASID without RPS',
    why: 'QEMU uses RID_PASID although its ECAP does not report RPS',
    world: (world) =>
      world.facts.mode === 'scalable'
        ? { ...world, facts: { ...world.facts, ecap: world.facts.ecap! | RID_PASID } }
        : world,
  },
  {
    name: 'PASID structures: reserved bits',
    why: 'QEMU does not check reserved bits of PASID directory and table entries',
    world: (world, { id }) => {
      const cleared = poke(world, id, directoryOf, (entry) =>
        withoutReserved(world, entry, 'SMPTBLPTR'),
      );
      return poke(cleared, id, pasidOf, (entry) => withoutReserved(world, entry, 'SSPTPTR'));
    },
  },
  {
    name: 'PASID entry: AW with every PGTT',
    why: 'QEMU refuses an unsupported AW although the translation type does not use it',
    world: (world, { id }) =>
      poke(world, id, pasidOf, (entry) => {
        const levels = Number(valueOf(entry.layout, entry.words, 'AW')) + 2;
        const valid = capabilitiesOf(world.facts).levels(levels);
        return valid ? entry.words : withField(entry.layout, entry.words, 'PGTT', 7n);
      }),
  },
  {
    name: 'PGTT first-stage and nested',
    why: 'QEMU 7.2 knows no first stage: it accepts these types and walks the second-stage table',
    world: (world, { id }) =>
      poke(world, id, pasidOf, (entry) => {
        const type = valueOf(entry.layout, entry.words, 'PGTT');
        return type === 1n || type === 3n
          ? withField(entry.layout, entry.words, 'PGTT', 2n)
          : entry.words;
      }),
  },
  {
    name: 'SNP in scalable mode',
    why: 'QEMU allows SNP in scalable mode although its ECAP does not report SC',
    world: (world) =>
      world.facts.mode === 'scalable'
        ? { ...world, facts: { ...world.facts, ecap: world.facts.ecap! | SNOOP_CONTROL } }
        : world,
  },
  {
    name: 'pass-through beyond the host address width',
    why: 'QEMU does not check the address of a pass-through request',
    outcome: (prediction, walk, request) => {
      const last = walk.steps.at(-1);
      return last?.text.startsWith('pass-through beyond') ? { pa: request.address } : prediction;
    },
  },
  {
    name: 'PASID structures: one reason',
    why: 'QEMU reports every fault of PASID directory and table as 0x58, whatever FPD says',
    outcome: (prediction) =>
      'reason' in prediction && PASID_REASONS.has(prediction.reason)
        ? { reason: 0x58, recorded: true }
        : prediction,
  },
  {
    name: 'rights entry by entry in scalable mode',
    why: 'QEMU refuses at the first second-stage entry without the right, before it looks further',
    outcome: (prediction, walk, { access }) => {
      if (!('reason' in prediction) || prediction.reason < 0x30) return prediction;
      const needed = access === 'write' ? 2n : 1n;
      const refused = walk.steps.some(
        ({ entry }) => entry?.layout.name.startsWith('SS-') && (entry.words[0] & needed) === 0n,
      );
      return refused ? { ...prediction, reason: access === 'write' ? 0x85 : 0x86 } : prediction;
    },
  },
  {
    name: 'legacy reasons in scalable mode',
    why: "QEMU reports legacy mode's reasons for root, context and second-stage entries",
    outcome: (prediction, _walk, { access }) => {
      if (!('reason' in prediction)) return prediction;
      const numbers = LEGACY_NUMBERS[prediction.reason];
      return numbers ? { ...prediction, reason: numbers[access === 'write' ? 1 : 0] } : prediction;
    },
  },
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
): { readonly prediction: Prediction; readonly rules: readonly string[] } {
  const rules: string[] = [];
  let seen = world;
  let { walk, prediction } = predict(world, request);
  for (const rule of QEMU_DEVIATIONS) {
    const before = prediction;
    if (rule.world) {
      seen = rule.world(seen, request);
      ({ walk, prediction } = predict(seen, request));
    }
    if (rule.outcome) prediction = rule.outcome(prediction, walk, request);
    if (!same(before, prediction)) rules.push(rule.name);
  }
  return { prediction, rules };
}

export function same(a: Prediction, b: Prediction): boolean {
  if ('pa' in a && 'pa' in b) return a.pa === b.pa;
  if ('reason' in a && 'reason' in b) return a.reason === b.reason && a.recorded === b.recorded;
  return 'undecided' in a && 'undecided' in b;
}

type Finder = (world: World, id: number) => Entry | undefined;

const directoryOf: Finder = (world, id) => {
  const context = contextEntry(world.facts, world.memory, id);
  if (!context) return undefined;
  const pasid = defaultPasid(capabilitiesOf(world.facts), context.words);
  const index = Math.floor(pasid / 64);
  return directoryEntry(world.facts, world.memory, id, context.words, index);
};

const pasidOf: Finder = (world, id) => {
  const context = contextEntry(world.facts, world.memory, id);
  if (!context) return undefined;
  const pasid = defaultPasid(capabilitiesOf(world.facts), context.words);
  return pasidEntry(world.facts, world.memory, id, context.words, pasid);
};

/** The world with one entry changed. */
function poke(
  world: World,
  id: number,
  find: Finder,
  change: (entry: Entry) => readonly bigint[],
): World {
  if (world.facts.mode !== 'scalable') return world;
  const entry = find(world, id);
  if (!entry) return world;
  const words = change(entry);
  if (words.every((word, at) => word === entry.words[at])) return world;
  const memory = new OverlayMemory(world.memory);
  const bytes = new Uint8Array(new BigUint64Array(words).buffer);
  memory.write(entry.address, bytes, 'as QEMU sees it');
  return { ...world, memory };
}

/** The entry with its reserved bits cleared; a pointer beyond the address width leads nowhere. */
function withoutReserved(world: World, entry: Entry, pointer: string): readonly bigint[] {
  let words: readonly bigint[] = entry.words;
  for (const field of entry.layout.fields)
    if (field.kind === 'reserved') words = withField(entry.layout, words, field.name, 0n);
  const beyond = beyondHost(capabilitiesOf(world.facts), 63) >> 12n;
  for (const field of entry.layout.fields) {
    if (field.kind !== 'address') continue;
    const value = valueOf(entry.layout, words, field.name);
    if ((value & beyond) === 0n) continue;
    const changed = field.name === pointer ? NOWHERE >> 12n : 0n;
    words = withField(entry.layout, words, field.name, changed);
  }
  return words;
}
