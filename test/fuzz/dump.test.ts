import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DamagedData } from '../../core/dump/codec.ts';
import type { DumpFormat } from '../../core/dump/dump.ts';
import { identifyDump } from '../../core/dump/identify.ts';
import { unlzo } from '../../core/dump/lzo.ts';
import { openDump } from '../../core/dump/open.ts';
import { unsnappy } from '../../core/dump/snappy.ts';
import { Failure } from '../../core/memory/failure.ts';
import { PAGE_SIZE } from '../../core/memory/physical.ts';
import { bytesSource } from '../../core/memory/platform.ts';
import { inflate, unzstd } from '../../electron/host/decompress.ts';
import { nodePlatform } from '../../electron/host/platform.ts';
import type { ModelPage } from '../support/dump-writer.ts';
import {
  flatten,
  loadsOf,
  noisePage,
  patternPage,
  rangesOf,
  SAMPLE_NOTES,
  writeAvml,
  writeElf,
  writeLime,
} from '../support/dump-writer.ts';
import type { Codec } from '../support/kdump-writer.ts';
import { CODECS, compressPage, writeKdump, writeSplit } from '../support/kdump-writer.ts';
import { mutate, Random } from '../support/mutate.ts';

/**
 * Random and mutated dumps against every reader: nothing but a Failure is thrown, no case takes
 * long, and memory stays bounded. FAULTLINE_FUZZ sets the number of cases, FAULTLINE_FUZZ_SEED
 * where they start; a case that fails names its own seed.
 */
const CASES = Number(process.env['FAULTLINE_FUZZ'] ?? 32_000);
const SEED = Number(process.env['FAULTLINE_FUZZ_SEED'] ?? 1);

/** A case that works longer is as good as a hang (milliseconds of processor; most take one). */
const SLOWEST = 2_000;

/** What the process may grow by over all cases. */
const GROWTH = 400 * 1024 * 1024;

/** A small machine, so that mutations hit headers often. */
function smallModel(): Map<number, ModelPage> {
  const model = new Map<number, ModelPage>();
  for (let pfn = 1; pfn < 6; pfn++) model.set(pfn, patternPage(pfn));
  model.set(6, 'excluded');
  model.set(7, 'zero');
  model.set(0x40, noisePage(1));
  return model;
}

const MODEL = smallModel();
const ELF = writeElf({ loads: loadsOf(MODEL), notes: SAMPLE_NOTES });
const BASES: readonly (readonly Uint8Array[])[] = [
  [ELF],
  [writeElf({ loads: loadsOf(MODEL), wide: false, extended: true })],
  ...CODECS.map((codec: Codec) => [writeKdump(MODEL, { codec })]),
  [writeKdump(MODEL, { wide: false, version: 4 })],
  [writeKdump(MODEL, { blockSize: 8192, codec: 'lzo' })],
  writeSplit(MODEL, [0, 4, 0x41]),
  [flatten(ELF, { record: 1000 })],
  [flatten(writeKdump(MODEL), { record: 1000 })],
  [writeLime(rangesOf(MODEL))],
  [writeAvml(rangesOf(MODEL), { chunk: 5000, padding: true })],
];
const FORMATS: readonly (DumpFormat | undefined)[] = ['elf', 'kdump', 'lime', 'avml', 'raw'];

/** Uses everything that a dump offers, as a command would. */
function exercise(files: readonly Uint8Array[], random: Random, as: DumpFormat | undefined): void {
  const sources = files.map((bytes, index) => bytesSource(`part ${index}`, bytes));
  identifyDump(sources[0]);
  const dump = openDump(sources, { platform: nodePlatform, cacheBytes: 1 << 20, as });
  const frames = [0, 1, 5, 6, 7, 0x40, dump.facts.maxPfn - 1, random.below(2 ** 40)];
  let ranges = 0;
  for (const { from, to } of dump.memory.ranges()) {
    if (!(from < to)) throw new Error(`range ${from} to ${to}`);
    frames.push(from, to - 1, to);
    if (++ranges === 8) break;
  }
  for (const pfn of frames) {
    const said = dump.memory.provenance(pfn);
    const page = dump.memory.page(pfn);
    if (typeof page === 'string') {
      // Data may turn out to be damaged only when it is unpacked; nothing else may differ.
      if (page !== said && !(page === 'failed' && said === 'present'))
        throw new Error(`frame ${pfn}: ${said}, then ${page}`);
    } else if (page.length !== PAGE_SIZE || page.byteOffset % 8 !== 0)
      throw new Error(`frame ${pfn}: a view of ${page.length} bytes at ${page.byteOffset}`);
    if (dump.memory.describe(pfn).length === 0) throw new Error('no words');
  }
  const { held, excluded, missing } = dump.counts();
  if (![held, excluded, missing].every((count) => Number.isSafeInteger(count) && count >= 0))
    throw new Error(`counts ${held}, ${excluded}, ${missing}`);
  if (!Array.isArray(dump.findings) || typeof dump.incomplete !== 'boolean')
    throw new Error('no findings');
  void dump.compression;
  dump.close();
}

function runCase(seed: number): void {
  const random = new Random(seed);
  const base = BASES[random.below(BASES.length)];
  const files =
    random.below(20) === 0
      ? [random.bytes(random.below(9000))]
      : base.map((file) => mutate(file, random));
  const as = random.below(8) === 0 ? FORMATS[random.below(FORMATS.length)] : undefined;
  try {
    exercise(files, random, as);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (!error.means || !error.advice) throw new Error('a Failure without words', { cause: error });
  }
}

describe('hostile dumps', () => {
  it(`${CASES} cases end with an answer or a Failure`, { timeout: 600_000 }, () => {
    const before = process.memoryUsage.rss();
    let slowest = 0;
    for (let number = 0; number < CASES; number++) {
      const seed = SEED * 1_000_003 + number;
      const start = process.cpuUsage();
      try {
        runCase(seed);
      } catch (error) {
        throw new Error(`case with seed ${seed} broke the rule`, { cause: error });
      }
      const { user, system } = process.cpuUsage(start);
      const took = (user + system) / 1000;
      if (took > SLOWEST) throw new Error(`case with seed ${seed} took ${took.toFixed(0)} ms`);
      slowest = Math.max(slowest, took);
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(GROWTH);
    expect(slowest).toBeLessThan(SLOWEST);
  });

  it('codecs fail only in their own words, and never write outside', () => {
    const room = new Uint8Array(PAGE_SIZE + 16);
    const into = room.subarray(8, 8 + PAGE_SIZE);
    const decoders: [Uint8Array[], (data: Uint8Array, into: Uint8Array) => number, boolean][] = [
      [pages('lzo'), unlzo, true],
      [pages('snappy'), unsnappy, true],
      [pages('zstd'), unzstd, false],
      [[deflateSync(patternPage(1)), deflateSync(noisePage(1))], inflate, false],
    ];
    const random = new Random(SEED);
    for (let number = 0; number < CASES / 4; number++) {
      const [samples, decode, own] = decoders[number % decoders.length];
      room.fill(0xee);
      try {
        const length = decode(mutate(samples[random.below(samples.length)], random), into);
        if (!(length >= 0 && length <= PAGE_SIZE)) throw new TypeError(`length ${length}`);
      } catch (error) {
        if (own ? !(error instanceof DamagedData) : error instanceof TypeError) throw error;
      }
      for (let at = 0; at < 8; at++)
        if (room[at] !== 0xee || room[room.length - 1 - at] !== 0xee)
          throw new Error('written outside of the page');
    }
  });
});

function pages(codec: Codec): Uint8Array[] {
  return [patternPage(1), noisePage(1), new Uint8Array(PAGE_SIZE)].map((page) =>
    compressPage(page, codec),
  );
}
