import { readFileSync } from 'node:fs';
import { parseHex } from '../../core/format/hex.ts';
import type { Unit } from '../../core/iommu/unit.ts';
import { Failure } from '../../core/memory/failure.ts';
import { bytesSource, type ByteSource } from '../../core/memory/platform.ts';
import type { SourceKind } from '../../core/session/identify.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import { openInvestigation } from '../../core/session/open-investigation.ts';
import { fileSource, nodePlatform } from '../host/platform.ts';
import { progress } from './progress.ts';
import type { Invocation, OptionValues } from './command.ts';

const KINDS: readonly string[] = [
  'dump',
  'log',
  'registers',
  'recording',
  'acpi',
  'debugfs',
  'hexdump',
  'iomem',
  'lspci',
  'acpidump',
  'raw',
];

/** Opens the SOURCEs of a command line as one case. @throws Failure. */
export function openSources(names: readonly string[], invocation: Invocation): Investigation {
  const { options } = invocation;
  if (names.length === 0 && options['registers'] === undefined)
    throw usage('No SOURCE was given.', 'Name a dump, a log or a register file.');
  const as = text(options, 'as');
  if (as !== undefined && !KINDS.includes(as))
    throw usage(`--as takes ${KINDS.join(', ')}, not "${as}".`, 'Choose one of these.');
  const registers = text(options, 'registers');
  const meter = progress(invocation.io, 'reading memory');
  return openInvestigation(names.map(openFile), {
    platform: nodePlatform,
    as: as as SourceKind | 'raw' | undefined,
    rawBase: address(options, 'base'),
    cacheBytes:
      wholeNumber(options, 'max-memory') === undefined
        ? undefined
        : wholeNumber(options, 'max-memory')! * 2 ** 20,
    registers: registers === undefined ? undefined : openFile(registers),
    progress: (done, all) => meter.show(done / all, 'looking for a kernel'),
  });
}

function openFile(name: string): ByteSource {
  return name === '-' ? bytesSource('standard input', readFileSync(0)) : fileSource(name);
}

/**
 * The units of a case, or the one that `--unit` picks by number, name or base.
 * @throws Failure when there is none: the reason names what the source lacks.
 */
export function unitsOf(investigation: Investigation, options: OptionValues): readonly Unit[] {
  const units = investigation.units();
  if (units.length === 0) throw noUnits(investigation);
  const wanted = text(options, 'unit');
  if (wanted === undefined) return units;
  const base = parseHex(wanted);
  const found = units.filter(
    (unit, index) =>
      unit.facts.name === wanted ||
      String(index) === wanted ||
      (wanted.length > 3 && unit.facts.base === base),
  );
  if (found.length === 0)
    throw usage(
      `There is no unit ${wanted}; there are ${units.map((unit) => unit.facts.name).join(', ')}.`,
      'Give a number, a name or a register base.',
    );
  return found;
}

function noUnits(investigation: Investigation): Failure {
  if (!investigation.memory)
    return new Failure(
      'unreadable',
      'No memory was given.',
      'Tables stand in memory: a log, a register file or a list of devices alone holds none.',
      'Give the dump as well, or what debugfs prints of the tables.',
    );
  if (investigation.kernel())
    return new Failure(
      'unreadable',
      'No IOMMU found in this dump.',
      "The kernel's dmar and ivhd units aren't initialised, or symbols are missing.",
      'Give register values with --registers.',
    );
  return new Failure(
    'unreadable',
    `No kernel could be asked: ${investigation.noKernel || 'none was found.'}`,
    'Without a kernel the tables can only be found from register values.',
    'Give them with --registers FILE; `faultline scan --as-registers` makes them of tables that it finds by their form.',
  );
}

export function text(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** A whole number that is not negative. @throws Failure otherwise. */
export function wholeNumber(options: OptionValues, name: string): number | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const number = /^0x/i.test(value) ? Number.parseInt(value, 16) : Number(value);
  if (!Number.isSafeInteger(number) || number < 0)
    throw usage(`--${name} takes a whole number, not "${value}".`, 'Give digits.');
  return number;
}

function address(options: OptionValues, name: string): bigint | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const parsed = parseHex(value);
  if (parsed === undefined)
    throw usage(`--${name} takes an address, not "${value}".`, 'Write it in hexadecimal.');
  return parsed;
}

export function usage(happened: string, advice: string): Failure {
  return new Failure('usage', happened, '', advice);
}
