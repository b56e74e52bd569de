/** Runs random scenes on a VT-d unit of QEMU and holds what it did against our walk. */
import { hex } from '../../core/format/hex.ts';
import type { IntelFacts } from '../../core/iommu/facts.ts';
import type { WalkRequest, WalkResult } from '../../core/iommu/unit.ts';
import { UNKNOWN_MMIO } from '../../core/memory/mmio.ts';
import { pfnOf } from '../../core/memory/physical.ts';
import { translationMode } from '../../core/vtd/facts.ts';
import type { Qemu } from './qtest/connection.ts';
import type { DmaOutcome } from './qtest/vtd.ts';
import { VTD_BASE, VtdMachine } from './qtest/vtd.ts';
import { Random } from './random.ts';
import type { Deviation, Prediction } from './vtd-deviations.ts';
import { predict, predictQemu } from './vtd-deviations.ts';
import { checkFlags } from './vtd-flags.ts';
import type { Probe, Scene, SceneOptions } from './vtd-scene.ts';
import { MEMORY_BYTES, makeScene } from './vtd-scene.ts';

const BYTES = 16;
const SCRATCH_PFN = MEMORY_BYTES / 4096 - 1;
const INTERRUPT_RANGE = { from: 0xfee0_0000n, to: 0xfef0_0000n };
/** Devices and ROMs stand here, whose content the model does not know. */
const LEGACY_HOLE = { from: 0xa_0000n, to: 0x10_0000n };
const DEVICE_HOLE = { from: 0xc000_0000n, to: 0x1_0000_0000n };

/** A unit of QEMU and what its scenes are made of. */
export interface UnitUnderTest extends Omit<SceneOptions, 'requester'> {
  /** The IOMMU as `-device` takes it. */
  readonly iommu: string;
  /** Device number of the requester. */
  readonly device: number;
}

/** What happened in the runs of a test file. */
export class Tally {
  /** How often each rule of QEMU was needed. */
  readonly needed = new Map<string, number>();
  readonly outcomes = new Map<string, number>();

  need(rules: readonly string[]): void {
    for (const rule of rules) this.needed.set(rule, (this.needed.get(rule) ?? 0) + 1);
  }

  outcome(name: string): void {
    this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1);
  }

  /** The lines that end a test's output. */
  lines(version: string, deviations: readonly { name: string; why: string }[]): string[] {
    const outcomes = [...this.outcomes]
      .map(([name, times]) => `${name}: ${times}`)
      .sort((a, b) => a.localeCompare(b));
    return [
      `VT-d against ${version}\n  ${outcomes.join(', ')}`,
      ...deviations.map(
        ({ name, why }) =>
          `  QEMU's own way, ${this.needed.get(name) ?? 0} times: ${name} (${why})`,
      ),
    ];
  }
}

export interface Mismatch {
  readonly seed: number;
  readonly request: string;
  readonly expected: string;
  readonly qemu: string;
  readonly did: string;
  readonly steps: readonly string[];
}

/** What the scenes of one machine share. */
interface Run {
  readonly machine: VtdMachine;
  readonly unit: UnitUnderTest;
  readonly deviations: readonly Deviation[];
  readonly tally: Tally;
  readonly mismatches: Mismatch[];
}

/**
 * Runs scenes until `wanted` requests were judged.
 * @param seed of the first scene
 * @returns how many were judged, and those in which QEMU did neither what our walk says nor what a
 *   rule explains
 */
export async function runUnit(
  unit: UnitUnderTest,
  qemu: Qemu,
  deviations: readonly Deviation[],
  tally: Tally,
  { wanted, seed: first }: { readonly wanted: number; readonly seed: number },
): Promise<{ readonly judged: number; readonly mismatches: readonly Mismatch[] }> {
  const memory = MEMORY_BYTES >> 20;
  const { iommu, device } = unit;
  const machine = await VtdMachine.start({ iommu, memory, device, qemu });
  const run: Run = { machine, unit, deviations, tally, mismatches: [] };
  try {
    await machine.enable(true);
    let judged = 0;
    for (let seed = first; judged < wanted; seed++) judged += await runScene(run, seed);
    return { judged, mismatches: run.mismatches };
  } finally {
    await machine.close();
  }
}

/** Runs one scene's probes; gives how many could be judged. */
async function runScene(run: Run, seed: number): Promise<number> {
  const { machine, unit, tally } = run;
  const requester = machine.machine.requester;
  const random = new Random(seed * 7919 + unit.width + (unit.scalable ? 1 : 0) + requester);
  const scene = makeScene(random, { ...unit, requester });
  await load(machine, scene);
  const facts = factsOf(machine, unit, scene);
  let judged = 0;
  for (const probe of scene.probes)
    if (await runProbe(run, { seed, scene, facts, random }, probe)) judged++;
  if (unit.stage === 'first' && !(await sameTables(machine, scene)))
    run.mismatches.push({
      seed,
      request: 'all requests of the scene',
      expected: 'tables that differ in accessed and dirty only',
      qemu: '',
      did: 'tables differ in more',
      steps: [],
    });
  tally.outcome('scenes');
  await clear(machine, scene);
  return judged;
}

function factsOf(machine: VtdMachine, unit: UnitUnderTest, scene: Scene): IntelFacts {
  return {
    vendor: 'intel',
    name: 'dmar0',
    segment: 0,
    base: BigInt(VTD_BASE),
    from: 'simulated',
    registers: UNKNOWN_MMIO,
    translationEnabled: true,
    cap: machine.cap,
    ecap: machine.ecap,
    rootTable: scene.rtaddr & ~0xfffn,
    mode: translationMode(scene.rtaddr),
    hostAddressWidth: unit.width,
    interrupts: undefined,
    queue: undefined,
  };
}

interface Place {
  readonly seed: number;
  readonly scene: Scene;
  readonly facts: IntelFacts;
  readonly random: Random;
}

/** One request; false when it cannot be judged. */
async function runProbe(
  run: Run,
  { seed, scene, facts, random }: Place,
  probe: Probe,
): Promise<boolean> {
  const { machine, unit, deviations, tally, mismatches } = run;
  const { memory } = scene;
  const request: WalkRequest = {
    id: machine.machine.requester,
    pasid: undefined,
    address: probe.address,
    access: probe.write ? 'write' : 'read',
  };
  const { walk, prediction } = predict({ facts, memory }, request);
  const qemu = predictQemu({ facts, memory }, request, deviations);
  if (unjudgeable(probe, walk, [prediction, qemu.prediction])) return false;
  await tag(machine, scene, [prediction, qemu.prediction], random);
  // A cached translation without the right that is asked for is refused without a record.
  await machine.invalidateAll();
  const did = await machine.dma(probe.address, BYTES, request.access);
  tally.outcome(nameOf(prediction));
  const mismatch = (expected: string): void =>
    void mismatches.push({
      seed,
      request: `${request.access} ${hex(request.address)}`,
      expected,
      qemu: nameOf(qemu.prediction),
      did:
        did.faults.map(({ reason, address }) => `${hex(reason)} at ${hex(address)}`).join() ||
        'no fault',
      steps: walk.steps.map(
        ({ what, entry, text }) => `${what} ${entry?.words.map(hex).join(' ')}: ${text}`,
      ),
    });
  const explained = await agrees(machine, scene, request, qemu.prediction, did);
  // A refusal without a record shows nothing; bytes that arrived do.
  const arrived = explained && inMemory(qemu.prediction) && !('pa' in prediction);
  const asSpecified = !arrived && (await agrees(machine, scene, request, prediction, did));
  const byRule = explained && !asSpecified;
  if (asSpecified) tally.outcome('as specified');
  else if (byRule && qemu.rules.length > 0) tally.need(qemu.rules);
  else mismatch(nameOf(prediction));
  if (unit.stage === 'first') {
    const used = explained ? qemu : { walk, prediction };
    const flags = await checkFlags(machine, memory, { ...used, access: request.access });
    tally.need(flags.rules);
    for (const wrong of flags.wrong) mismatch(wrong);
  }
  await follow(machine, scene, [prediction, qemu.prediction]);
  return true;
}

/** Whether all tables of a scene are in QEMU's memory as the model has them. */
async function sameTables(machine: VtdMachine, { memory }: Scene): Promise<boolean> {
  for (const pfn of memory.written()) {
    const there = await machine.machine.memread(pfn * 4096, 4096);
    if (!Buffer.from(there).equals(Buffer.from(memory.page(pfn) as Uint8Array))) return false;
  }
  return true;
}

const inside = (address: bigint, { from, to }: { from: bigint; to: bigint }): boolean =>
  address >= from && address < to;

/**
 * Requests that reach devices in QEMU, or memory whose content the model does not know.
 * @param predictions by the specification and of QEMU
 */
function unjudgeable(
  probe: Probe,
  walk: WalkResult,
  [specified, qemu]: readonly [Prediction, Prediction],
): boolean {
  if (inside(probe.address, INTERRUPT_RANGE)) return true;
  const unknown = (address: bigint): boolean =>
    inside(address, LEGACY_HOLE) || inside(address, DEVICE_HOLE) || pfnOf(address) === SCRATCH_PFN;
  if (walk.steps.some(({ table }) => unknown(table))) return true;
  if ('undecided' in specified || 'undecided' in qemu) return true;
  if ('pa' in qemu && unknown(qemu.pa)) return true;
  if (inMemory(specified) && unknown(specified.pa)) return true;
  // What reaches nothing and what is refused without a record look alike.
  const nothing = [specified, qemu].some((one) => 'pa' in one && !inMemory(one));
  const silent = [specified, qemu].some((one) => 'reason' in one && !one.recorded);
  return nothing && silent;
}

const inMemory = (prediction: Prediction): prediction is { pa: bigint } =>
  'pa' in prediction && prediction.pa < BigInt(MEMORY_BYTES);

/** Puts bytes that stand nowhere else where the request may arrive. */
async function tag(
  machine: VtdMachine,
  { memory }: Scene,
  predictions: readonly Prediction[],
  random: Random,
): Promise<void> {
  for (const prediction of predictions.filter(inMemory)) {
    const bytes = Uint8Array.from({ length: BYTES }, () => random.below(256));
    memory.write(prediction.pa, bytes);
    await machine.machine.memwrite(Number(prediction.pa), bytes);
  }
}

/** Whether what QEMU did is what was predicted. */
async function agrees(
  machine: VtdMachine,
  { memory }: Scene,
  request: WalkRequest,
  prediction: Prediction,
  did: DmaOutcome,
): Promise<boolean> {
  if ('undecided' in prediction) return false;
  if ('pa' in prediction) {
    if (did.faults.length > 0) return false;
    if (!inMemory(prediction)) return true;
    const there =
      request.access === 'read'
        ? memory.read(prediction.pa, BYTES)!
        : await machine.machine.memread(Number(prediction.pa), BYTES);
    return Buffer.from(there).equals(Buffer.from(did.data));
  }
  if (!prediction.recorded) return did.faults.length === 0;
  const [fault] = did.faults;
  return (
    did.faults.length === 1 &&
    fault.reason === prediction.reason &&
    fault.id === request.id &&
    fault.access === request.access &&
    fault.address === (request.address & ~0xfffn)
  );
}

/** Brings the model up to date with what a write left in memory. */
async function follow(
  machine: VtdMachine,
  { memory }: Scene,
  predictions: readonly Prediction[],
): Promise<void> {
  for (const prediction of predictions.filter(inMemory))
    memory.write(prediction.pa, await machine.machine.memread(Number(prediction.pa), BYTES));
}

async function load(machine: VtdMachine, { memory, rtaddr }: Scene): Promise<void> {
  await Promise.all(
    memory
      .written()
      .map((pfn) => machine.machine.memwrite(pfn * 4096, memory.page(pfn) as Uint8Array)),
  );
  await machine.setRoot(rtaddr);
}

/** Leaves zeros where the scene wrote. */
async function clear(machine: VtdMachine, { memory }: Scene): Promise<void> {
  await Promise.all(memory.written().map((pfn) => machine.machine.memset(pfn * 4096, 4096, 0)));
}

function nameOf(prediction: Prediction): string {
  if ('undecided' in prediction) return 'undecided';
  if ('pa' in prediction) return 'reached';
  return prediction.recorded
    ? `reason ${hex(prediction.reason)}`
    : `silent ${hex(prediction.reason)}`;
}
