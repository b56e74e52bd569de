/**
 * Our interrupt remapping against QEMU 7.2's AMD-Vi unit: random device table entries and
 * interrupt remapping entries of both formats, sound and damaged. What we say becomes of an
 * interrupt is what became of the MSI that QEMU's edu device sent.
 *
 * The unit works under TCG as it does under KVM with a split interrupt controller: an MSI is a
 * write to fee0_0000h that carries its requester ID, the unit looks it up, and its trace tells the
 * message that it sends on. For an interrupt that it refuses, QEMU writes no event (its source
 * leaves that to be done), so that the event and its flags are not compared.
 *
 * Only interrupts whose data is below 200h are sent: bits 10:8 are also the type of the interrupt
 * (000b fixed, 001b arbitrated) unless the unit has 2,048 entries for a device, which QEMU's has
 * not.
 *
 * FAULTLINE_CASES sets the number of interrupts (default 1,200), FAULTLINE_SEED the first seed.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { decodeDte, DTE } from '../../core/amdvi/dte.ts';
import { amdFacts } from '../../core/amdvi/facts.ts';
import type { InterruptResult } from '../../core/amdvi/interrupts.ts';
import { irteLayout, irteSize } from '../../core/amdvi/irte.ts';
import { amdUnit } from '../../core/amdvi/unit.ts';
import { encode, reservedSet, valueOf } from '../../core/bits/layout.ts';
import type { Words } from '../../core/bits/layout.ts';
import { readWords } from '../../core/memory/physical.ts';
import type { Message } from './amdvi-machine.ts';
import { AMDVI_BASE, AmdviMachine } from './amdvi-machine.ts';
import { FilledMemory } from './filled-memory.ts';
import { qemuVersion } from './qtest/connection.ts';
import { MSI_TARGET } from './qtest/machine.ts';
import { Random } from './random.ts';

const DEFAULT_CASES = 1200;
const CASES = Number(process.env.FAULTLINE_CASES ?? DEFAULT_CASES);
const DEFAULT_SEED = 1;
const SEED = Number(process.env.FAULTLINE_SEED ?? DEFAULT_SEED);
const MEMORY_BYTES = 64 << 20;
const DEVICE_TABLE = 0x10_0000n;
const TABLE = 0x11_0000n;
/** Indexes below this have an entry in every scene; the others read zeros. */
const ENTRIES = 64;
const TRIES = 12;
const IOMMU_EN = 1n;
const GA_EN = 1n << 17n;

const version = qemuVersion();
const suitable = version !== undefined && / version 7\.2\./.test(version);
if (!suitable)
  console.log(`AMD-Vi interrupts against QEMU: skipped, 7.2 is needed (${version ?? 'none'})`);

/** What becomes of an interrupt, as far as both sides tell it. */
type Outcome =
  | 'refused'
  | 'forwarded'
  /** To a guest's virtual APIC: nothing arrives at a processor. */
  | 'posted'
  | {
      readonly vector: number;
      readonly destination: number;
      readonly logical: number;
      readonly type: number;
      readonly eoi: number;
    };

/** Where QEMU does not do what the specification says. */
const RULES = {
  'disabled unit': 'QEMU remaps interrupts also while IommuEn = 0',
  'reserved bits of the DTE': 'QEMU judges bits of its own choice, whatever IV says',
  'table length': 'QEMU reads entries beyond IntTabLen, and takes reserved lengths',
  'reserved bits of entries': 'QEMU does not judge reserved bits of entries',
  'guest mode': 'QEMU knows no guest virtual APIC: it refuses entries with GuestMode = 1',
  'wide destination': 'QEMU sends to the low 8 bits of a destination',
  'IntCtl = 01b': 'QEMU sends an empty message instead of the device’s own',
} as const;
type Rule = keyof typeof RULES;

interface Scene {
  readonly memory: FilledMemory;
  readonly control: bigint;
  readonly dte: Words;
  readonly format: 32 | 128;
}

function makeScene(random: Random, requester: number): Scene {
  const memory = new FilledMemory(MEMORY_BYTES, BigInt(MEMORY_BYTES));
  const seldom = (percent: number): number => (random.chance(percent) ? 1 : 0);
  const format = random.chance(50) ? 128 : 32;
  const dte = encode(DTE, {
    V: random.below(2),
    TV: seldom(20),
    IV: 1 - seldom(8),
    IntTabLen: random.chance(85) ? 4 + random.below(8) : random.below(16),
    IG: seldom(20),
    IntTabRoot: TABLE >> 6n,
    IntCtl: random.chance(85) ? 2 : random.below(4),
    InitPass: random.below(2),
    EIntPass: random.below(2),
    NMIPass: random.below(2),
    Lint0Pass: random.below(2),
    'reserved 181:180': seldom(3),
    GuestPagingMode: seldom(3),
    'reserved 206:192': seldom(2),
    GDeviceID: seldom(3),
  });
  memory.clear(DEVICE_TABLE);
  memory.clear(DEVICE_TABLE + 0x1000n);
  const at = DEVICE_TABLE + BigInt(32 * requester);
  dte.forEach((word, index) => memory.writeWord(at + BigInt(8 * index), word));
  for (let page = 0n; page < 2n; page++) memory.clear(TABLE + (page << 12n));
  for (let index = 0; index < ENTRIES; index++) writeEntry(random, memory, format, index);
  const control = (random.chance(95) ? IOMMU_EN : 0n) | (format === 128 ? GA_EN : 0n);
  return { memory, control, dte, format };
}

function writeEntry(random: Random, memory: FilledMemory, format: 32 | 128, index: number): void {
  const guest = random.chance(6) ? 1n : 0n;
  const of = irteLayout([guest << 7n, 0n], format);
  const values: Record<string, bigint> = {};
  for (const field of of.fields)
    if (field.kind !== 'reserved' || random.chance(2))
      values[field.name] = random.bits(field.width);
  values.RemapEn = random.chance(85) ? 1n : 0n;
  values.GuestMode = guest;
  if ('IntType' in values) values.IntType = random.chance(90) ? random.bits(1) : random.bits(3);
  if (random.chance(85)) values.Destination &= 0xffn;
  const words = encode(of, values);
  const at = TABLE + BigInt(index * irteSize(format));
  if (format === 128) words.forEach((word, n) => memory.writeWord(at + BigInt(8 * n), word));
  else {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, Number(words[0]), true);
    memory.write(at, bytes);
  }
}

/** What our unit says. */
function ours(result: InterruptResult): Outcome | undefined {
  if (result.result === 'unknown') return undefined;
  if (result.result === 'aborted') return 'refused';
  if (result.result === 'forwarded') return 'forwarded';
  const { entry } = result.entry;
  if (result.entry.posted) return 'posted';
  return arrived(entry.words, entry.layout === irteLayout(entry.words, 32) ? 32 : 128);
}

function arrived(words: Words, format: 32 | 128): Outcome {
  const of = irteLayout(words, format);
  const value = (name: string): number => Number(valueOf(of, words, name));
  return {
    vector: value('Vector'),
    destination: value('Destination'),
    logical: value('DM'),
    type: value('IntType'),
    eoi: value('RqEoi'),
  };
}

/** What QEMU 7.2 does instead, and the rules that were met. */
function qemu(
  { memory, control, dte: words, format }: Scene,
  illegalBits: readonly bigint[],
  data: number,
): { readonly outcome: Outcome; readonly rules: ReadonlySet<Rule> } {
  const rules = new Set<Rule>();
  const done = (outcome: Outcome) => ({ outcome, rules });
  if ((control & IOMMU_EN) === 0n) rules.add('disabled unit');
  const illegal = words.some((word, at) => (word & illegalBits[at]) !== 0n);
  const dte = decodeDte(words);
  const judged =
    dte.interruptValid && reservedSet(DTE, words).some(({ pieces }) => pieces[0].low >= 128);
  if (illegal !== judged) rules.add('reserved bits of the DTE');
  if (illegal) return done('refused');
  if (!dte.interruptValid) return done('forwarded');
  if (dte.interruptControl === 1) {
    rules.add('IntCtl = 01b');
    return done({ vector: 0, destination: 0, logical: 0, type: 0, eoi: 0 });
  }
  if (dte.interruptControl !== 2) return done('refused');
  if (dte.interruptCapacity > 2048 || data >= dte.interruptCapacity) rules.add('table length');
  const at = dte.interruptTable + BigInt(data * irteSize(format));
  const read = readWords(memory, at & ~7n, 2);
  if ('why' in read) return done('refused');
  const irte = format === 128 ? read : [(read[0] >> (8n * (at & 7n))) & 0xffff_ffffn];
  if ((irte[0] & 1n) === 0n) return done('refused');
  const of = irteLayout(irte, format);
  if (reservedSet(of, irte).length > 0) rules.add('reserved bits of entries');
  if ((irte[0] >> 7n) & 1n) {
    if (format === 128) rules.add('guest mode');
    return done('refused');
  }
  const told = arrived(irte, format);
  if (typeof told === 'string' || told.type > 1) return done('refused');
  if (told.destination > 0xff) rules.add('wide destination');
  return done({ ...told, destination: told.destination & 0xff });
}

/** What arrived at the processors (Intel SDM vol. 3, §11.11). */
function observed(message: Message | undefined, data: number): Outcome {
  if (!message) return 'refused';
  if (message.address === BigInt(MSI_TARGET) && message.data === data) return 'forwarded';
  const low = Number(message.address & 0xffff_ffffn);
  return {
    vector: message.data & 0xff,
    destination: ((low >> 12) & 0xff) + Number(message.address >> 40n) * 2 ** 8,
    logical: (low >> 2) & 1,
    type: (message.data >> 8) & 7,
    eoi: (low >> 3) & 1,
  };
}

const text = (outcome: Outcome | undefined): string => JSON.stringify(outcome);
const outcomes = new Map<string, number>();
const met = new Map<string, number>();
const count = (of: Map<string, number>, name: string): void =>
  void of.set(name, (of.get(name) ?? 0) + 1);

describe.skipIf(!suitable)('AMD-Vi interrupts against QEMU', () => {
  test('what becomes of an MSI of the edu device', async () => {
    const machine = await AmdviMachine.start({ iommu: 'amd-iommu,intremap=on', memory: 64 });
    try {
      const illegalBits = await machine.illegalBits(0x40_0000);
      const mismatches: string[] = [];
      let done = 0;
      for (let seed = SEED; done < CASES; seed++) {
        const random = new Random(seed * 6151);
        const { requester } = machine.machine;
        const scene = makeScene(random, requester);
        await load(machine, scene);
        const facts = amdFacts(await machine.registers(), {
          name: 'ivhd0',
          segment: 0,
          base: BigInt(AMDVI_BASE),
          from: 'simulated',
        });
        const unit = amdUnit(facts, scene.memory);
        for (let tried = 0; tried < TRIES; tried++) {
          const data = random.chance(85) ? random.below(ENTRIES) : random.below(0x200);
          const told = ours(unit.interrupt(requester, data));
          if (told === undefined) continue;
          done++;
          const saw = observed(await machine.interrupt(data), data);
          const other = qemu(scene, illegalBits, data);
          count(outcomes, typeof told === 'string' ? told : 'remapped');
          if (text(told) === text(saw)) count(outcomes, 'as specified');
          else if (other.rules.size > 0 && text(other.outcome) === text(saw))
            for (const rule of other.rules) count(met, rule);
          else
            mismatches.push(
              `seed ${seed}, data ${data}: ${text(told)}, QEMU ${text(other.outcome)} by ${[...other.rules].join()}, did ${text(saw)}`,
            );
        }
      }
      expect(mismatches.slice(0, 5)).toEqual([]);
      expect(done).toBeGreaterThanOrEqual(CASES);
    } finally {
      await machine.close();
    }
  });

  test.skipIf(CASES < DEFAULT_CASES || SEED !== DEFAULT_SEED)(
    'enough happened, and every rule was met',
    () => {
      for (const name of ['remapped', 'refused', 'forwarded'])
        expect(outcomes.get(name) ?? 0, name).toBeGreaterThan(CASES / 40);
      expect(outcomes.get('as specified') ?? 0).toBeGreaterThan(CASES / 2);
      for (const rule of Object.keys(RULES)) expect(met.get(rule) ?? 0, rule).toBeGreaterThan(0);
    },
  );

  afterAll(() => {
    const lines = [...outcomes].map(([name, times]) => `${name}: ${times}`);
    console.log(`AMD-Vi interrupts against ${version}\n  ${lines.join(', ')}`);
    for (const [name, why] of Object.entries(RULES))
      console.log(`  QEMU's own way, ${met.get(name) ?? 0} times: ${name} (${why})`);
  });
});

async function load(machine: AmdviMachine, { memory, control }: Scene): Promise<void> {
  await Promise.all(
    memory
      .written()
      .map((pfn) => machine.machine.memwrite(pfn * 4096, memory.page(pfn) as Uint8Array)),
  );
  await machine.setTables(DEVICE_TABLE | 1n, [0n, 0n], control);
}
