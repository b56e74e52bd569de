import { hexByte } from '../core/format/hex.ts';

/**
 * The exact words for what is not there. Unit tests pin them: they must read the same in every
 * panel, report and copy.
 */
export type Missing =
  | { readonly kind: 'excluded'; readonly level?: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unmapped' }
  | { readonly kind: 'zero'; readonly stored?: boolean }
  | { readonly kind: 'truncated'; readonly missing: string }
  | { readonly kind: 'damaged'; readonly codec: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'pending'; readonly read: number; readonly of: number };

export interface MissingLook {
  readonly hatch: boolean;
  readonly glyph: 'unknown' | 'warning' | 'error' | undefined;
}

const count = (value: number): string => value.toLocaleString('en-US');

/** The words for a missing piece of data. */
export function missingWords(missing: Missing): string {
  switch (missing.kind) {
    case 'excluded':
      return `page excluded by the dump's filter${missing.level === undefined ? '' : ` (level ${missing.level})`}`;
    case 'absent':
      return 'not in this dump';
    case 'unmapped':
      return 'not mapped';
    case 'zero':
      if (missing.stored === undefined) return 'reads as zero';
      return missing.stored
        ? 'reads as zero, stored in the dump'
        : 'reads as zero, zero page left out by the filter';
    case 'truncated':
      return `dump ends here, ${missing.missing} missing`;
    case 'damaged':
      return `page damaged: ${missing.codec} error`;
    case 'refused':
      return 'target did not answer within 2 s';
    case 'pending':
      return `reading… ${count(missing.read)} of ${count(missing.of)} B`;
  }
}

/** How the same data looks: hatched or plain, and its glyph. */
export function missingLook(kind: Missing['kind']): MissingLook {
  switch (kind) {
    case 'excluded':
      return { hatch: true, glyph: 'unknown' };
    case 'absent':
    case 'unmapped':
      return { hatch: true, glyph: undefined };
    case 'zero':
      return { hatch: false, glyph: undefined };
    case 'truncated':
      return { hatch: true, glyph: 'warning' };
    case 'damaged':
      return { hatch: true, glyph: 'error' };
    case 'refused':
      return { hatch: true, glyph: undefined };
    case 'pending':
      return { hatch: false, glyph: 'unknown' };
  }
}

/** A value that nobody knows: never `N/A`, `null` or `0`. */
export const ABSENT = '–';

/** The verdict of a walk that meets missing data. */
export const UNDECIDED = "Can't be decided";

export const READ_ONLY = 'Read-only';

/** The first key in a console that may not be typed into. @param keys that arm writes */
export function typedReadOnly(keys: string): string {
  return `Read-only. ${keys} arms writes.`;
}

/** The same in one that nothing can be typed into. */
export const READ_ONLY_SOURCE = 'Read-only: this is a recording or a log, and no target.';

export const SIMULATED = 'simulated, not measured';

/** One sentence for each panel that has nothing to show. */
export const EMPTY = {
  console: 'No console yet. Connect to one, or open a log.',
  tables:
    "No IOMMU found in this dump. The kernel's dmar/ivhd units aren't initialised, or symbols are missing.",
  tablesNoSource: 'No dump or simulated unit is open, so there are no tables to browse.',
  entry: 'No entry is selected. Pick a row in Tables, or a step of a walk.',
  explain: 'No fault is selected. Pick a row in Faults.',
  registers: 'No unit is open, so there are no registers to show.',
  memoryNoSource: 'No dump or simulated unit is open, so there is no memory to show.',
  memory: 'Type a physical address to see the memory there.',
  reverse: 'Type a physical address to see who can reach it.',
  map: 'No dump or simulated unit is open, so there is nothing to map.',
  mapDevice: 'Nothing mapped for this device.',
  timeline: 'No console log is open, so there is nothing to put on a clock.',
  audit: 'No dump or simulated unit is open, so there are no tables to check.',
  compare: 'One state is open. Open a second one to see what differs.',
  compareNothing: 'No dump or simulated unit is open, so there is nothing to compare.',
  notes: 'No notes yet. Pin one to a fault, an entry or a console line, or just write.',
  translate: 'Type a device and an address, or paste a kernel fault line.',
} as const;

/** What is not open any more, since the engine ended with it. */
export function notOpenedAgain(paths: readonly string[]): string {
  const names = paths.map((path) => path.replace(/.*[\\/]/, '')).join(', ');
  return `The engine ended with ${names} open and was started again without it: a damaged file can do that. The rest of the session is as it was.`;
}

/**
 * The Faults panel when no fault line was read.
 * @param ended whether no console will say more: one that is connected or replays still may.
 */
export function noFaults(lines: number, ended: boolean): string {
  if (!ended) return `No faults so far: ${count(lines)} lines read, 0 fault lines.`;
  return lines === 0
    ? 'No faults. No console log is open.'
    : `No faults. The log was read to the end: ${count(lines)} lines, 0 fault lines.`;
}

/** A dump that no kernel can be asked of. */
export function noVmcoreinfo(elf: boolean): string {
  return `This ${elf ? 'ELF core' : 'dump'} holds memory but no VMCOREINFO, so no kernel can be asked. Load register values, give a root table address, or scan for tables.`;
}

/** A subtree that has more rows than are opened at a time. */
export const SUBTREE_CUT = 'The first 10,000 rows of the subtree are open; the others stay folded.';

/** The fold of the rules that found nothing. */
export function rulesPassed(rules: number, partly: boolean): string {
  return `${count(rules)} ${rules === 1 ? 'rule' : 'rules'} passed${partly ? ' in what could be read' : ''}`;
}

/** The strip above an answer that could not read all it needed. */
export function notRead(texts: readonly string[]): string {
  const more = texts.length - 1;
  return `Not all could be read: ${texts[0]}${more > 0 ? ` (and ${count(more)} more)` : ''}`;
}

/** Two states that are the same. */
export function noDifference(units: number, devices: number, leaves: number): string {
  const some = (number: number, one: string, many: string): string =>
    `${count(number)} ${number === 1 ? one : many}`;
  return `No difference in ${some(units, 'unit', 'units')}, ${some(devices, 'device', 'devices')}, ${some(leaves, 'leaf', 'leaves')}.`;
}

export function nonePass(all: number): string {
  return `0 of ${count(all)} faults pass.`;
}

/** The clocks of two kernels, when nothing says how long the way between them took. */
export const NOT_ALIGNED = "First kernel's clock isn't aligned; align at panic";

export const NO_STAMPS = 'This log has no time stamps; lanes show order only.';

/** The line of browser mode on Start. */
export function browserModeLine(host: string): string {
  return `Files and serial ports are those of ${host}, where faultline serve runs. Nothing leaves it.`;
}

/** The Reverse list when no table maps what was asked. */
export function nobodyReaches(range: string): string {
  return `No device can reach ${range}: no table that was read maps it.`;
}

export function badBdf(text: string): string {
  return `Not a BDF: "${text}". Write it as 02:00.0.`;
}

/** A device that the unit's tables do not know. */
export function noContext(bdf: string, unit: string, reason: number): string {
  return `${bdf} has no context entry on ${unit}: its DMA would fault with ${hexByte(reason)}.`;
}

export function nothingMatches(text: string): string {
  return `Nothing matches "${text}". Addresses need hex digits; actions start with >.`;
}

export const UNTRANSLATED = 'Untranslated: IOVA equals physical address.';
