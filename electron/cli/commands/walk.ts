import { readFileSync } from 'node:fs';
import { formatBdf, parseBdf, type Bdf } from '../../../core/format/bdf.ts';
import { hex, hexByte, parseHex } from '../../../core/format/hex.ts';
import { walkOfFault } from '../../../core/explain/fault-walk.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import { parseFaultLine } from '../../../core/log/parse.ts';
import type { Unit, WalkRequest, WalkResult } from '../../../core/iommu/unit.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { deviceJson, deviceText } from '../../../core/session/device-names.ts';
import {
  servingUnit,
  walkBatchJson,
  walkDocument,
  walkOutcomeJson,
  walkStepJson,
} from '../../../core/session/walk-document.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command, type Invocation } from '../command.ts';
import { paint, printable, type Io } from '../io.ts';
import { openSources, text, unitsOf, usage, wholeNumber } from '../sources.ts';

export const command: Command = {
  summary: 'the walk of one address, step by step',
  usage:
    'walk SOURCE... BDF ADDRESS [--write|--read] [--pasid N], or walk SOURCE... "FAULT LINE", or walk SOURCE... --batch FILE',
  options: {
    ...SOURCE_OPTIONS,
    read: { type: 'boolean' },
    write: { type: 'boolean' },
    pasid: { type: 'string' },
    batch: { type: 'string' },
  },
  help: {
    ...SOURCE_HELP,
    read: 'a read request (the default)',
    write: 'a write request',
    pasid: 'N: a request with this PASID',
    batch: 'FILE: a line `BDF ADDRESS r|w [PASID]` each; answers are one record a line',
  },
  async run(invocation) {
    const { args, options, io } = invocation;
    const batch = text(options, 'batch');
    if (batch !== undefined) return runBatch(batch, args, invocation);
    const asked = question(args, invocation);
    const investigation = openSources(asked.sources, invocation);
    const units = unitsOf(investigation, options);
    const { unit, request, result } = walkOne(units, asked.bdf, asked.request, asked.recorded);
    const bdf = formatBdf(asked.bdf.id, asked.bdf.segment);
    if (options['json'])
      io.out(
        `${JSON.stringify({ ...walkDocument(unit, request, result, options['segments'] === true), ...deviceJson(investigation, bdf) }, null, 1)}\n`,
      );
    else {
      const name = deviceText(investigation, bdf);
      if (name !== undefined) io.out(`${bdf}: ${printable(name)}\n`);
      print(unit, request, result, io);
    }
    return result.result === 'unknown' ? EXIT.partial : EXIT.answered;
  },
};

interface Question {
  readonly sources: readonly string[];
  readonly bdf: Bdf;
  readonly request: Omit<WalkRequest, 'id'>;
  /** What the hardware recorded, where a kernel line is asked about. */
  readonly recorded?: FaultRecord;
}

/** The last arguments are BDF and ADDRESS, or one whole kernel line. */
function question(args: readonly string[], { options }: Invocation): Question {
  const line = args.length > 0 ? parseFaultLine(args[args.length - 1]) : undefined;
  if (line?.bdf !== undefined && line.address !== undefined)
    return {
      sources: args.slice(0, -1),
      bdf: parseBdf(line.bdf)!,
      request: { address: line.address, access: line.access ?? 'read', pasid: line.pasid },
      recorded: line,
    };
  if (args.length < 2)
    throw usage(
      'A BDF and an address are needed.',
      'For example: faultline walk vmcore 02:00.0 0xfffff000.',
    );
  const [bdfText, addressText] = args.slice(-2);
  const bdf = parseBdf(bdfText);
  if (!bdf) throw usage(`Not a BDF: "${bdfText}".`, 'Write it as 02:00.0.');
  const address = parseHex(addressText);
  if (address === undefined)
    throw usage(`Not an address: "${addressText}".`, 'Write it in hexadecimal.');
  return {
    sources: args.slice(0, -2),
    bdf,
    request: {
      address,
      access: options['write'] ? 'write' : 'read',
      pasid: wholeNumber(options, 'pasid'),
    },
  };
}

function walkOne(
  units: readonly Unit[],
  bdf: Bdf,
  request: Omit<WalkRequest, 'id'>,
  recorded?: FaultRecord,
): { unit: Unit; request: WalkRequest; result: WalkResult } {
  const unit = servingUnit(units, bdf);
  if (!unit)
    throw new Failure(
      'unreadable',
      `No unit serves PCI segment ${bdf.segment}.`,
      '',
      'Give a device of another segment.',
    );
  const whole = { id: bdf.id, ...request };
  return recorded
    ? { unit, ...walkOfFault(unit, whole, recorded.reason) }
    : { unit, request: whole, result: unit.walk(whole) };
}

function runBatch(file: string, sources: readonly string[], invocation: Invocation): number {
  const { io, options } = invocation;
  const units = unitsOf(openSources(sources, invocation), options);
  let lines: string[];
  try {
    lines = readFileSync(file, 'latin1').split(/\r?\n/);
  } catch (error) {
    throw usage(`The batch file can't be read: ${(error as Error).message}.`, 'Name a text file.');
  }
  let partial = false;
  for (const [index, line] of lines.entries()) {
    if (io.signal.aborted) return EXIT.interrupted;
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    const [bdfText = '', addressText = '', access = '', pasidText] = line.trim().split(/\s+/);
    const bdf = parseBdf(bdfText);
    const address = parseHex(addressText);
    const pasid = pasidText === undefined ? undefined : Number(pasidText);
    if (
      !bdf ||
      address === undefined ||
      !/^[rw]$/.test(access) ||
      (pasid !== undefined && !Number.isSafeInteger(pasid))
    )
      throw usage(`Line ${index + 1} of the batch is not BDF ADDRESS r|w [PASID].`, 'Correct it.');
    const { result } = walkOne(units, bdf, {
      address,
      access: access === 'w' ? 'write' : 'read',
      pasid,
    });
    partial ||= result.result === 'unknown';
    io.out(`${JSON.stringify(walkBatchJson(result))}\n`);
  }
  return partial ? EXIT.partial : EXIT.answered;
}

function print(unit: Unit, request: WalkRequest, result: WalkResult, io: Io): void {
  io.out(
    `${request.access} of ${hex(request.address)} by ${walkDocument(unit, request, result)['bdf'] as string} on ${unit.facts.name}\n`,
  );
  for (const step of result.steps) {
    const json = walkStepJson(step);
    const raw = (json['raw'] as string[] | undefined)?.join(' ') ?? String(json['missing']);
    io.out(
      `  ${`${step.what} [${step.index}]`.padEnd(26)} at ${String(json['address'] ?? json['table']).padEnd(14)} ${raw}\n`,
    );
    io.out(`    ${paint(io, step.outcome === 'stop' ? 'red' : 'dim', step.text)}\n`);
  }
  const end = walkOutcomeJson(result);
  if (result.result === 'translated')
    io.out(
      paint(
        io,
        'green',
        `translated to ${end['pa'] as string} (page of ${end['size'] as string}, ${end['rights'] as string})`,
      ),
    );
  else if (result.result === 'fault')
    io.out(
      paint(
        io,
        'red',
        `fault ${unit.facts.vendor === 'intel' ? `reason ${hexByte(result.reason)}` : `event ${hexByte(result.reason)}`}: ${result.name}${end['flags'] === undefined ? '' : ` (flags ${end['flags'] as string})`}`,
      ),
    );
  else
    io.out(
      paint(
        io,
        'yellow',
        `can't be decided: ${end['why'] as string}${end['address'] === undefined ? '' : ` (${end['address'] as string})`}`,
      ),
    );
  io.out('\n');
}
