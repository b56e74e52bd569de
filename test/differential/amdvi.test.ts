/**
 * Our walk against QEMU 7.2's AMD-Vi unit: random tables, sound and damaged, and random requests.
 * What the walk says (the address, or the event) is what the DMA of QEMU's edu device did.
 *
 * FAULTLINE_CASES sets the number of requests (default 1,200), FAULTLINE_SEED the first seed.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { amdFacts } from '../../core/amdvi/facts.ts';
import { amdUnit } from '../../core/amdvi/unit.ts';
import { hex } from '../../core/format/hex.ts';
import type { WalkRequest, WalkResult } from '../../core/iommu/unit.ts';
import { pfnOf } from '../../core/memory/physical.ts';
import type { Deviation, Prediction } from './amdvi-deviations.ts';
import { predictionOf, QEMU_DEVIATIONS, qemuWalk, same } from './amdvi-deviations.ts';
import type { AmdviDma } from './amdvi-machine.ts';
import { AMDVI_BASE, AmdviMachine } from './amdvi-machine.ts';
import type { Probe, Scene } from './amdvi-scene.ts';
import { DATA, makeScene, MEMORY_BYTES } from './amdvi-scene.ts';
import { FILL } from './filled-memory.ts';
import { qemuVersion } from './qtest/connection.ts';
import { Random } from './random.ts';

const DEFAULT_CASES = 1200;
const CASES = Number(process.env.FAULTLINE_CASES ?? DEFAULT_CASES);
const DEFAULT_SEED = 1;
const SEED = Number(process.env.FAULTLINE_SEED ?? DEFAULT_SEED);
const BYTES = 16;
const OWN_PFN = MEMORY_BYTES / 4096 - AmdviMachine.ownPages;
/** Devices and ROMs stand here, whose content the model does not know. */
const HOLES = [
  { from: 0xa_0000n, to: 0x10_0000n },
  { from: 0xb000_0000n, to: 0x1_0000_0000n },
];
const INTERRUPTS = { from: 0xfee0_0000n, to: 0xfef0_0000n };

const version = qemuVersion();
/** Later ones let DMA through untranslated. */
const suitable = version !== undefined && / version 7\.2\./.test(version);
if (!suitable)
  console.log(`AMD-Vi against QEMU: skipped, QEMU 7.2 is needed (${version ?? 'none'})`);

const MACHINES = [
  { iommu: 'amd-iommu', device: 4, share: 2 },
  { iommu: 'amd-iommu,device-iotlb=on', device: 20, share: 1 },
] as const;
const SHARES = MACHINES.reduce((sum, { share }) => sum + share, 0);

/** Times that a rule was met where QEMU differed, and times that it alone was. */
const met = new Map<string, number>();
const alone = new Map<string, number>();
const outcomes = new Map<string, number>();
const count = (of: Map<string, number>, name: string): void =>
  void of.set(name, (of.get(name) ?? 0) + 1);

/** Rules that a run from the default seed meets. */
const FREQUENT: readonly Deviation[] = [
  'event suppression',
  'device table size',
  'reserved bits of the DTE',
  'TV = 0',
  'absent entry',
  'leaf: PR',
  'leaf: rights',
  'reserved bits of entries',
  'address width',
  'skipped levels',
];

interface Mismatch {
  readonly seed: number;
  readonly request: string;
  readonly expected: string;
  readonly qemu: string;
  readonly rules: readonly string[];
  readonly did: string;
  readonly steps: readonly string[];
}

describe.skipIf(!suitable)('AMD-Vi walks against QEMU', () => {
  test.each(MACHINES)('$iommu, requester on device $device', async ({ iommu, device, share }) => {
    const machine = await AmdviMachine.start({ iommu, memory: MEMORY_BYTES >> 20, device });
    try {
      const illegalBits = await machine.illegalBits(Number(DATA));
      await machine.machine.memset(Number(DATA), OWN_PFN * 4096 - Number(DATA), FILL);
      const mismatches: Mismatch[] = [];
      const wanted = Math.ceil((CASES * share) / SHARES);
      let done = 0;
      for (let seed = SEED; done < wanted; seed++)
        done += await runScene(machine, illegalBits, seed, mismatches);
      expect(done).toBeGreaterThanOrEqual(wanted);
      expect(mismatches.slice(0, 5)).toEqual([]);
    } finally {
      await machine.close();
    }
  });

  test.skipIf(CASES < DEFAULT_CASES || SEED !== DEFAULT_SEED)(
    'enough happened: pages reached, events of several kinds, checks that QEMU lacks',
    () => {
      const times = (name: string): number => outcomes.get(name) ?? 0;
      expect(times('reached')).toBeGreaterThan(CASES / 5);
      expect(times('as specified')).toBeGreaterThan(CASES / 2);
      expect(times('IO_PAGE_FAULT')).toBeGreaterThan(CASES / 20);
      expect(times('ILLEGAL_DEV_TABLE_ENTRY')).toBeGreaterThan(0);
      expect(times('PAGE_TAB_HARDWARE_ERROR')).toBeGreaterThan(0);
      // Where QEMU does not check, our walk did: else these would be as specified.
      for (const rule of FREQUENT) expect(alone.get(rule) ?? 0, rule).toBeGreaterThan(0);
    },
  );

  afterAll(() => {
    const sorted = [...outcomes].sort(([a], [b]) => a.localeCompare(b));
    const lines = sorted.map(([name, times]) => `${name}: ${times}`);
    console.log(`AMD-Vi against ${version}\n  ${lines.join(', ')}`);
    for (const [name, why] of Object.entries(QEMU_DEVIATIONS)) {
      const times = `${met.get(name) ?? 0} times, ${alone.get(name) ?? 0} alone`;
      console.log(`  QEMU's own way, ${times}: ${name} (${why})`);
    }
  });
});

/** Runs one scene's probes; gives how many could be judged. */
async function runScene(
  machine: AmdviMachine,
  illegalBits: readonly bigint[],
  seed: number,
  mismatches: Mismatch[],
): Promise<number> {
  const { requester } = machine.machine;
  const random = new Random(seed * 7919 + requester);
  const scene = makeScene(random, requester);
  const { memory } = scene;
  await load(machine, scene);
  const registers = await machine.registers();
  const facts = amdFacts(registers, {
    name: 'ivhd0',
    segment: 0,
    base: BigInt(AMDVI_BASE),
    from: 'simulated',
  });
  const [base, limit] = scene.exclusion;
  const unit = {
    memory,
    illegalBits,
    deviceTable: scene.deviceTable & ~0xfffn,
    capacity: Number((scene.deviceTable & 0x1ffn) + 1n) * 128,
    exclusion: base & 1n ? ([base & ~0xfffn, limit | 0xfffn] as const) : undefined,
  };
  let judged = 0;
  for (const probe of scene.probes) {
    const request: WalkRequest = {
      id: requester,
      pasid: undefined,
      address: probe.address,
      access: probe.write ? 'write' : 'read',
    };
    const walk = amdUnit(facts, memory).walk(request);
    const prediction = predictionOf(walk);
    const qemu = qemuWalk(unit, request);
    const both = [prediction, qemu.prediction];
    if (unjudgeable(probe, walk, qemu.read, both)) continue;
    judged++;
    await tag(machine, scene, both, random);
    // A cached translation keeps the leaf's rights alone, and what was changed since.
    await machine.invalidateAll();
    const did = await machine.dma(probe.address, BYTES, request.access);
    count(outcomes, nameOf(prediction));
    if (await agrees(machine, scene, request, prediction, both, did))
      count(outcomes, 'as specified');
    else if (
      qemu.rules.size > 0 &&
      !same(prediction, qemu.prediction) &&
      (await agrees(machine, scene, request, qemu.prediction, both, did))
    ) {
      for (const rule of qemu.rules) count(met, rule);
      if (qemu.rules.size === 1) count(alone, [...qemu.rules][0]);
    } else mismatches.push(mismatch(seed, request, walk, qemu, did));
    await follow(machine, scene, both);
  }
  await clear(machine, scene);
  return judged;
}

function mismatch(
  seed: number,
  { access, address }: WalkRequest,
  walk: WalkResult,
  qemu: { prediction: Prediction; rules: ReadonlySet<Deviation> },
  did: AmdviDma,
): Mismatch {
  return {
    seed,
    request: `${access} ${hex(address)}`,
    expected: nameOf(predictionOf(walk)),
    qemu: nameOf(qemu.prediction),
    rules: [...qemu.rules],
    did: `${did.events.join() || 'no event'}, data ${Buffer.from(did.data).toString('hex')}`,
    steps: walk.steps.map(
      ({ what, entry, text }) => `${what} ${entry?.words.map(hex).join(' ')}: ${text}`,
    ),
  };
}

const inside = (address: bigint, { from, to }: { from: bigint; to: bigint }): boolean =>
  address >= from && address < to;

/** Requests that reach devices, or memory whose content the model does not know. */
function unjudgeable(
  probe: Probe,
  walk: WalkResult,
  read: readonly bigint[],
  predictions: readonly Prediction[],
): boolean {
  if (inside(probe.address, INTERRUPTS)) return true;
  const unknown = (address: bigint): boolean =>
    HOLES.some((hole) => inside(address, hole)) ||
    (pfnOf(address) >= OWN_PFN && address < BigInt(MEMORY_BYTES));
  if (walk.steps.some(({ table }) => unknown(table)) || read.some(unknown)) return true;
  return predictions.some((one) => 'undecided' in one || ('pa' in one && unknown(one.pa)));
}

const inMemory = (prediction: Prediction): prediction is { pa: bigint } =>
  'pa' in prediction && prediction.pa < BigInt(MEMORY_BYTES);

/** Puts bytes that stand nowhere else where the request may arrive. */
async function tag(
  machine: AmdviMachine,
  { memory }: Scene,
  predictions: readonly Prediction[],
  random: Random,
): Promise<void> {
  for (const { pa } of predictions.filter(inMemory)) {
    const bytes = Uint8Array.from({ length: BYTES }, () => 1 + random.below(255));
    memory.write(pa, bytes);
    await machine.machine.memwrite(Number(pa), bytes);
  }
}

/** Whether what QEMU did is what was predicted, and not what only the other prediction said. */
async function agrees(
  machine: AmdviMachine,
  { memory }: Scene,
  request: WalkRequest,
  prediction: Prediction,
  both: readonly Prediction[],
  did: AmdviDma,
): Promise<boolean> {
  const event = 'refused' in prediction ? prediction.refused : undefined;
  if (did.events.join() !== (event ?? '')) return false;
  if (request.access === 'read') {
    // A read that nobody answers brings zeros.
    const expected = inMemory(prediction)
      ? memory.read(prediction.pa, BYTES)!
      : new Uint8Array(BYTES);
    return Buffer.from(expected).equals(Buffer.from(did.data));
  }
  for (const one of both.filter(inMemory)) {
    const there = await machine.machine.memread(Number(one.pa), BYTES);
    const arrived = Buffer.from(there).equals(Buffer.from(did.data));
    if (arrived !== same(one, prediction)) return false;
  }
  return true;
}

/** Brings the model up to date with what a write left in memory. */
async function follow(
  machine: AmdviMachine,
  { memory }: Scene,
  predictions: readonly Prediction[],
): Promise<void> {
  for (const { pa } of predictions.filter(inMemory))
    memory.write(pa, await machine.machine.memread(Number(pa), BYTES));
}

async function load(machine: AmdviMachine, scene: Scene): Promise<void> {
  const { memory, deviceTable, exclusion } = scene;
  await Promise.all(
    memory
      .written()
      .map((pfn) => machine.machine.memwrite(pfn * 4096, memory.page(pfn) as Uint8Array)),
  );
  await machine.setTables(deviceTable, exclusion);
}

/** Leaves what stood there before where the scene wrote. */
async function clear(machine: AmdviMachine, { memory }: Scene): Promise<void> {
  await Promise.all(
    memory
      .written()
      .map((pfn) => machine.machine.memset(pfn * 4096, 4096, pfn < pfnOf(DATA) ? 0 : FILL)),
  );
}

function nameOf(prediction: Prediction): string {
  if ('undecided' in prediction) return 'undecided';
  if ('pa' in prediction) return inMemory(prediction) ? 'reached' : 'beyond memory';
  return prediction.refused ?? 'refused silently';
}
