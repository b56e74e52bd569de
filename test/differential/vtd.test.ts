/**
 * Our walk against QEMU's VT-d unit: random tables, sound and damaged, and random requests. What
 * the walk says (the address, or the fault reason) is what the DMA of QEMU's edu device did.
 *
 * FAULTLINE_CASES sets the number of requests (default 1,400), FAULTLINE_SEED the first seed.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { hex } from '../../core/format/hex.ts';
import type { IntelFacts } from '../../core/iommu/facts.ts';
import type { WalkRequest, WalkResult } from '../../core/iommu/unit.ts';
import { UNKNOWN_MMIO } from '../../core/memory/mmio.ts';
import { pfnOf } from '../../core/memory/physical.ts';
import { translationMode } from '../../core/vtd/facts.ts';
import { qemuVersion } from './qtest/connection.ts';
import type { DmaOutcome } from './qtest/vtd.ts';
import { VTD_BASE, VtdMachine } from './qtest/vtd.ts';
import { Random } from './random.ts';
import type { Prediction } from './vtd-deviations.ts';
import { predict, predictQemu, QEMU_DEVIATIONS } from './vtd-deviations.ts';
import type { Probe, Scene } from './vtd-scene.ts';
import { MEMORY_BYTES, makeScene } from './vtd-scene.ts';

const CASES = Number(process.env.FAULTLINE_CASES ?? 1400);
const SEED = Number(process.env.FAULTLINE_SEED ?? 1);
const BYTES = 16;
const SCRATCH_PFN = MEMORY_BYTES / 4096 - 1;
/** Devices and ROMs stand here, whose content the model does not know. */
const LEGACY_HOLE = { from: 0xa_0000n, to: 0x10_0000n };
const DEVICE_HOLE = { from: 0xc000_0000n, to: 0x1_0000_0000n };

const version = qemuVersion();
if (!version) console.log('VT-d against QEMU: skipped, qemu-system-x86_64 is not installed');

const MACHINES = [
  { iommu: 'intel-iommu,aw-bits=39', width: 39, scalable: false, device: 4, share: 3 },
  { iommu: 'intel-iommu,aw-bits=48', width: 48, scalable: false, device: 4, share: 3 },
  {
    iommu: 'intel-iommu,aw-bits=48,device-iotlb=on,snoop-control=on',
    width: 48,
    scalable: false,
    device: 20,
    share: 2,
  },
  { iommu: 'intel-iommu,aw-bits=39,pt=off', width: 39, scalable: false, device: 20, share: 1 },
  {
    iommu: 'intel-iommu,aw-bits=48,x-scalable-mode=on',
    width: 48,
    scalable: true,
    device: 4,
    share: 3,
  },
  {
    iommu: 'intel-iommu,aw-bits=39,x-scalable-mode=on',
    width: 39,
    scalable: true,
    device: 20,
    share: 2,
  },
] as const;
type Machine = (typeof MACHINES)[number];
const SHARES = MACHINES.reduce((sum, { share }) => sum + share, 0);

const needed = new Map<string, number>();
const outcomes = new Map<string, number>();
const count = (of: Map<string, number>, name: string): void =>
  void of.set(name, (of.get(name) ?? 0) + 1);

interface Mismatch {
  readonly seed: number;
  readonly request: string;
  readonly expected: string;
  readonly qemu: string;
  readonly did: string;
  readonly steps: readonly string[];
}

describe.skipIf(!version)('VT-d walks against QEMU', () => {
  test.each(MACHINES)('$iommu, requester on device $device', async (which) => {
    const machine = await VtdMachine.start({
      iommu: which.iommu,
      memory: MEMORY_BYTES >> 20,
      device: which.device,
    });
    try {
      const mismatches: Mismatch[] = [];
      const wanted = Math.ceil((CASES * which.share) / SHARES);
      let done = 0;
      await machine.enable(true);
      for (let seed = SEED; done < wanted; seed++)
        done += await runScene(machine, which, seed, mismatches);
      expect(done).toBeGreaterThanOrEqual(wanted);
      expect(mismatches.slice(0, 5)).toEqual([]);
    } finally {
      await machine.close();
    }
  });

  test('enough happened: pages reached, and refusals of many reasons', () => {
    expect(outcomes.get('reached')).toBeGreaterThan(CASES / 5);
    const reasons = [...outcomes.keys()].filter((name) => name.startsWith('reason'));
    expect(reasons.length).toBeGreaterThan(12);
  });

  afterAll(() => {
    const lines = [...outcomes]
      .map(([name, times]) => `${name}: ${times}`)
      .sort((a, b) => a.localeCompare(b));
    console.log(`VT-d against ${version}\n  ${lines.join(', ')}`);
    for (const rule of QEMU_DEVIATIONS)
      console.log(
        `  QEMU's own way, ${needed.get(rule.name) ?? 0} times: ${rule.name} (${rule.why})`,
      );
  });
});

/** Runs one scene's probes; gives how many could be judged. */
async function runScene(
  machine: VtdMachine,
  which: Machine,
  seed: number,
  mismatches: Mismatch[],
): Promise<number> {
  const requester = machine.machine.requester;
  const random = new Random(seed * 7919 + which.width + (which.scalable ? 1 : 0) + requester);
  const scene = makeScene(random, { ...which, requester });
  const { memory } = scene;
  await load(machine, scene);
  const facts: IntelFacts = {
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
    hostAddressWidth: which.width,
    interrupts: undefined,
    queue: undefined,
  };
  let judged = 0;
  for (const probe of scene.probes) {
    const request: WalkRequest = {
      id: requester,
      pasid: undefined,
      address: probe.address,
      access: probe.write ? 'write' : 'read',
    };
    const { walk, prediction } = predict({ facts, memory }, request);
    const qemu = predictQemu({ facts, memory }, request);
    if (unjudgeable(probe, walk, [prediction, qemu.prediction])) continue;
    judged++;
    await tag(machine, scene, [prediction, qemu.prediction], random);
    // A cached translation without the right that is asked for is refused without a record.
    await machine.invalidateAll();
    const did = await machine.dma(probe.address, BYTES, request.access);
    count(outcomes, nameOf(prediction));
    const asSpecified = await agrees(machine, scene, request, prediction, did);
    if (asSpecified) count(outcomes, 'as specified');
    else if (qemu.rules.length > 0 && (await agrees(machine, scene, request, qemu.prediction, did)))
      for (const rule of qemu.rules) count(needed, rule);
    else
      mismatches.push({
        seed,
        request: `${request.access} ${hex(request.address)}`,
        expected: nameOf(prediction),
        qemu: nameOf(qemu.prediction),
        did:
          did.faults.map(({ reason, address }) => `${hex(reason)} at ${hex(address)}`).join() ||
          'no fault',
        steps: walk.steps.map(
          ({ what, entry, text }) => `${what} ${entry?.words.map(hex).join(' ')}: ${text}`,
        ),
      });
    await follow(machine, scene, [prediction, qemu.prediction]);
  }
  await clear(machine, scene);
  return judged;
}

const inside = (address: bigint, { from, to }: { from: bigint; to: bigint }): boolean =>
  address >= from && address < to;

/** Requests that reach devices, or memory whose content the model does not know. */
function unjudgeable(probe: Probe, walk: WalkResult, predictions: readonly Prediction[]): boolean {
  if (inside(probe.address, { from: 0xfee0_0000n, to: 0xfef0_0000n })) return true;
  const unknown = (address: bigint): boolean =>
    inside(address, LEGACY_HOLE) || inside(address, DEVICE_HOLE) || pfnOf(address) === SCRATCH_PFN;
  if (walk.steps.some(({ table }) => unknown(table))) return true;
  return predictions.some((one) => 'undecided' in one || ('pa' in one && unknown(one.pa)));
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
