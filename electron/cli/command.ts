import type { ParseArgsOptionsConfig } from 'node:util';
import type { Io } from './io.ts';

/** Exit codes of the command line's contract. */
export const EXIT = {
  answered: 0,
  found: 1,
  usage: 2,
  unreadable: 3,
  partial: 4,
  interrupted: 130,
} as const;

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** What a command gets: positional arguments after its name, and options by name. */
export interface Invocation {
  readonly args: readonly string[];
  /** How many arguments stand in the first of two parts; undefined without a `--`. */
  readonly split?: number;
  readonly options: OptionValues;
  readonly io: Io;
}

export interface Command {
  /** One line for the overview. */
  readonly summary: string;
  /** The usage line, without `faultline`. */
  readonly usage: string;
  /** The command's own options; those of every source command are added by `sourceOptions`. */
  readonly options: ParseArgsOptionsConfig;
  /** What each option does, by name. */
  readonly help: Readonly<Record<string, string>>;
  /** Arguments come in two parts, separated by `--`; options may stand in both. */
  readonly twoParts?: boolean;
  run(invocation: Invocation): Promise<number>;
}

/** Options that every command with a SOURCE understands. */
export const SOURCE_OPTIONS = {
  json: { type: 'boolean' },
  ndjson: { type: 'boolean' },
  as: { type: 'string' },
  registers: { type: 'string' },
  unit: { type: 'string' },
  limit: { type: 'string' },
  segments: { type: 'boolean' },
  'max-memory': { type: 'string' },
  base: { type: 'string' },
  verbose: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

export const SOURCE_HELP: Readonly<Record<string, string>> = {
  json: 'one JSON document',
  ndjson: 'one JSON record a line, for streams',
  as: 'KIND: what the sources are, whatever they look like: dump, raw, log, recording, registers, acpi, debugfs, hexdump, iomem, lspci, acpidump',
  registers: 'FILE: register values, when the source has none',
  unit: 'N or BASE: only this unit',
  limit: 'N: at most N rows; a cut is announced',
  segments: 'write PCI segments even when they are 0',
  'max-memory': 'MB: bound of the page cache (256)',
  base: 'ADDRESS: physical address of the first byte of a raw image (0)',
  verbose: 'more detail on standard error',
};
