import { setImmediate } from 'node:timers/promises';
import { formatBdf, parseBdf } from '../../../core/format/bdf.ts';
import { hex, parseHex } from '../../../core/format/hex.ts';
import type { Incomplete } from '../../../core/iommu/finding.ts';
import { rightsText } from '../../../core/iommu/leaves.ts';
import { DEFAULT_BUDGET, type Device, type Unit } from '../../../core/iommu/unit.ts';
import { deviceText } from '../../../core/session/device-names.ts';
import { incompleteJson } from '../../../core/session/json.ts';
import {
  eachLeaf,
  merging,
  reaching,
  type MappedRange,
  type RangeSink,
} from '../../../core/session/mapping-filter.ts';
import { selectDevice } from '../../../core/session/select-device.ts';
import { sourceJson } from '../../../core/session/tables-document.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command, type OptionValues } from '../command.ts';
import { printable, type Io } from '../io.ts';
import { progress } from '../progress.ts';
import { openSources, text, unitsOf, usage, wholeNumber } from '../sources.ts';

/** Characters gathered before a write. */
const CHUNK = 1 << 16;

export const command: Command = {
  summary: "a device's mappings, leaf by leaf or merged",
  usage: 'mappings SOURCE... --device BDF [--pasid N] [--plain] [--merge] [--reaches RANGE]',
  options: {
    ...SOURCE_OPTIONS,
    device: { type: 'string' },
    pasid: { type: 'string' },
    plain: { type: 'boolean' },
    merge: { type: 'boolean' },
    reaches: { type: 'string' },
  },
  help: {
    ...SOURCE_HELP,
    device: 'BDF: whose mappings',
    pasid: 'N: of this PASID',
    plain: 'the exact lines of the leaf list, hexadecimal without 0x',
    merge: 'join neighbours into ranges',
    reaches: 'FROM-TO: only those that reach that physical range',
  },
  async run({ args, options, io }) {
    const name = text(options, 'device');
    const bdf = name === undefined ? undefined : parseBdf(name);
    if (!bdf)
      throw usage(
        name === undefined ? 'No device was named.' : `Not a BDF: "${name}".`,
        'Give --device BDF, for example 02:00.0.',
      );
    const investigation = openSources(args, { args, options, io });
    const { unit, device } = selectDevice(
      unitsOf(investigation, options),
      bdf,
      wholeNumber(options, 'pasid'),
    );
    const limit = wholeNumber(options, 'limit') ?? Number.POSITIVE_INFINITY;
    const lines = new Lines(io, options);
    let count = 0;
    let cut = false;
    const write: RangeSink = (range) => {
      if (count >= limit) {
        cut = true;
        return false;
      }
      count++;
      lines.add(range);
      return true;
    };
    const joined = options['merge'] ? merging(write) : { sink: write, flush() {} };
    const chosen = within(text(options, 'reaches'), joined.sink);
    lines.begin({
      schema: 'faultline.mappings/1',
      source: sourceJson(investigation),
      unit: unit.facts.name,
      device: formatBdf(
        device.id,
        unit.facts.segment,
        options['segments'] === true || unit.facts.segment !== 0,
      ),
      ...(investigation.pciDevice(device.bdf)
        ? { name: deviceText(investigation, device.bdf) }
        : {}),
      pasid: device.pasid ?? null,
      translation: device.translation,
    });
    const missing = await sweepInSlices(unit, device, chosen, io, () => cut);
    joined.flush();
    const incomplete = incompleteJson(missing);
    lines.end(incomplete);
    if (cut) io.note(`faultline mappings: cut after ${limit} rows by --limit.`);
    for (const each of incomplete)
      io.note(`incomplete: ${each.address ?? ''} ${printable(each.text)}`);
    if (io.signal.aborted) return EXIT.interrupted;
    return incomplete.length > 0 ? EXIT.partial : EXIT.answered;
  },
};

/** Leaves between two looks at Ctrl-C. */
const SLICE = 1 << 18;

/** A sweep that pauses now and then, so that an interruption is seen; what it had is kept. */
async function sweepInSlices(
  unit: Unit,
  device: Device,
  sink: RangeSink,
  io: Io,
  done: () => boolean,
): Promise<readonly Incomplete[]> {
  const missing: Incomplete[] = [];
  const meter = progress(io, 'reading leaves');
  for (let from: number | undefined = 0; from !== undefined && !done();) {
    let left = SLICE;
    let next: number | undefined;
    const slice = eachLeaf((range) => {
      if (left-- > 0) return sink(range);
      next = range.iova;
      return false;
    });
    const result = unit.sweep(device, slice, { ...DEFAULT_BUDGET, from, signal: io.signal });
    missing.push(...result.incomplete);
    from = next;
    if (from !== undefined) {
      meter.show(0, `at ${hex(BigInt(from) << 12n)}`);
      await setImmediate();
      if (io.signal.aborted) {
        missing.push({
          address: undefined,
          at: '',
          text: `interrupted at ${hex(BigInt(from) << 12n)}`,
        });
        break;
      }
    }
  }
  meter.end();
  return missing;
}

/** `0x1000-0x1fff` (inclusive), `0x1000+0x1000`, or one address. */
function within(range: string | undefined, sink: RangeSink): RangeSink {
  if (range === undefined) return sink;
  const match = /^([^-+–]+)(?:([-–+])(.+))?$/.exec(range);
  const from = parseHex(match?.[1] ?? '');
  const second = match?.[3] === undefined ? from : parseHex(match[3]);
  if (from === undefined || second === undefined)
    throw usage(`Not a physical range: "${range}".`, 'Write 0x1000-0x1fff or 0x1000+0x1000.');
  const last = match?.[2] === '+' ? from + second - 1n : second;
  return reaching(Number(from >> 12n), Number(last >> 12n) + 1, sink);
}

const frames = (value: number): string => (value === 0 ? '0' : `${value.toString(16)}000`);

/** Writes ranges in the form asked for, in chunks, without holding the list. */
class Lines {
  readonly #io: Io;
  readonly #form: 'json' | 'ndjson' | 'plain' | 'people';
  #text = '';
  #first = true;

  constructor(io: Io, options: OptionValues) {
    this.#io = io;
    this.#form = options['json']
      ? 'json'
      : options['ndjson']
        ? 'ndjson'
        : options['plain']
          ? 'plain'
          : 'people';
  }

  begin(head: object): void {
    if (this.#form === 'json') this.#text = `${JSON.stringify(head).slice(0, -1)},"mappings":[`;
    if (this.#form === 'people')
      this.#text = `${'iova'.padEnd(18)}  ${'pa'.padEnd(18)}  ${'size'.padEnd(12)}  rights\n`;
  }

  add(range: MappedRange): void {
    const iova = frames(range.iova);
    const pa = frames(range.pa);
    const size = frames(range.pages);
    const rights = rightsText(range.rights);
    if (this.#form === 'plain') this.#text += `${iova} ${pa} ${size} ${rights}\n`;
    else if (this.#form === 'people')
      this.#text += `${`0x${iova}`.padEnd(18)}  ${`0x${pa}`.padEnd(18)}  ${`0x${size}`.padEnd(12)}  ${rights}\n`;
    else {
      const record = `{"iova":"0x${iova}","pa":"0x${pa}","size":"0x${size}","rights":"${rights}"}`;
      this.#text +=
        this.#form === 'ndjson' ? `${record}\n` : `${this.#first ? '' : ','}\n${record}`;
      this.#first = false;
    }
    if (this.#text.length > CHUNK) this.#flush();
  }

  end(incomplete: readonly object[]): void {
    if (this.#form === 'json') this.#text += `],"incomplete":${JSON.stringify(incomplete)}}\n`;
    this.#flush();
  }

  #flush(): void {
    this.#io.out(this.#text);
    this.#text = '';
  }
}
