/** What an event log entry says: its name, its fields, its flags by name (48882 rev 3.08, §2.5). */
import type { Layout, Words } from '../bits/layout.ts';
import { addressOf, bits, valueOf } from '../bits/layout.ts';
import type { EventName } from './event-layouts.ts';
import { EVENT, EVENTS, FLAG, UNKNOWN_EVENT } from './event-layouts.ts';

export * from './event-layouts.ts';

/** The layout of an event log entry from its two words. */
export function eventLayout(words: Words): Layout {
  return EVENTS.get(Number(bits(words, 63, 60))) ?? UNKNOWN_EVENT;
}

/** `IO_PAGE_FAULT` for 2; undefined for a code that the specification does not define. */
export function eventName(eventCode: number): EventName | undefined {
  return EVENTS.get(eventCode)?.name as EventName | undefined;
}

/**
 * Names of the flags that are set in bits 59:48 of an event, as the kernel prints them
 * (`flags=0x0070` of an IO_PAGE_FAULT: PR, RW, PE). A field of several bits is written with its
 * value (`Type=2`); bits that the event does not define by their position (`bit 11`).
 */
export function eventFlagNames(event: EventName, flags: number): string[] {
  const of = EVENTS.get(EVENT[event]) ?? UNKNOWN_EVENT;
  const names: string[] = [];
  for (let bit = 0; bit < 12; bit++) {
    if (((flags >> bit) & 1) === 0) continue;
    const position = 48 + bit;
    const holder = of.fields.find((each) =>
      each.pieces.some((piece) => piece.low <= position && position <= piece.high),
    );
    if (!holder || holder.kind === 'reserved' || holder.name === 'Flags')
      names.push(flagName(event, bit));
    else if (holder.width === 1) names.push(holder.name);
    else {
      const low = holder.pieces[0].low - 48;
      const text = `${holder.name}=${(flags >> low) & ((1 << holder.width) - 1)}`;
      if (!names.includes(text)) names.push(text);
    }
  }
  return names;
}

/** RMP events have the flags of the events that they are like; others only positions. */
function flagName(event: EventName, bit: number): string {
  const like = event === 'RMP_PAGE_FAULT' || event === 'RMP_HARDWARE_ERROR';
  const known = like
    ? Object.entries(FLAG).find(([, value]) => value === 1 << bit)?.[0]
    : undefined;
  return known ?? `bit ${bit}`;
}

/**
 * What the flags of an IO_PAGE_FAULT say, in one sentence: PE, RZ count only with PR = 1, and RW
 * only for accesses of memory (§2.5.3).
 */
export function pageFaultMeaning(flags: number): string {
  const access =
    flags & FLAG.I
      ? 'interrupt request'
      : flags & FLAG.TR
        ? 'translation request'
        : flags & FLAG.NX
          ? 'execute request'
          : flags & FLAG.RW
            ? 'write'
            : 'read';
  const target = flags & FLAG.I ? 'interrupt remapping entry' : 'page';
  if (!(flags & FLAG.PR))
    return flags & FLAG.I
      ? `${access} without a remapping entry that is enabled`
      : `${access} to a page that is not present`;
  if (flags & FLAG.PE) return `${access} to a present ${target} without permission`;
  if (flags & FLAG.RZ) return `${access} to a present ${target} with a reserved bit set`;
  return `${access} to a present ${target} with an illegal level encoding`;
}

/** An event log entry with the fields that a fault record needs. */
export interface DecodedEvent {
  readonly code: number;
  /** Undefined for a code that the specification does not define. */
  readonly name: EventName | undefined;
  readonly layout: Layout;
  /** Requester ID; undefined for events without a device. */
  readonly device: number | undefined;
  readonly domain: number | undefined;
  readonly pasid: number | undefined;
  readonly address: bigint | undefined;
  /** Bits 59:48. */
  readonly flags: number;
  readonly flagNames: readonly string[];
}

/** Decodes the two words of an event log entry. */
export function decodeEvent(words: Words): DecodedEvent {
  const of = eventLayout(words);
  const eventCode = Number(bits(words, 63, 60));
  const name = eventName(eventCode);
  const flags = Number(bits(words, 59, 48));
  const number = (field: string): number | undefined =>
    of.byName.has(field) ? Number(valueOf(of, words, field)) : undefined;
  const guest = of.byName.has('GN') && number('GN') === 1;
  const shared = number('DomainID');
  const pasid = of.byName.has('PASID')
    ? number('PASID')
    : shared === undefined
      ? undefined
      : shared | ((number('PASID[19:16]') ?? 0) << 16);
  return {
    code: eventCode,
    name,
    layout: of,
    device: number('DeviceID'),
    domain: guest ? undefined : shared,
    pasid: guest ? pasid : undefined,
    address: of.byName.has('Address') ? addressOf(of, words, 'Address') : undefined,
    flags,
    flagNames: name ? eventFlagNames(name, flags) : [],
  };
}
