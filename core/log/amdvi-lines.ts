import { FLAG } from '../amdvi/events.ts';
import {
  BDF,
  hexNumber,
  hexWord,
  requesterId,
  type AmdEvent,
  type Message,
  type Reading,
} from './message.ts';

/** Values that an event's body names. */
type Key =
  | 'device'
  | 'domain'
  | 'pasid'
  | 'address'
  | 'flags'
  | 'flags_rmp'
  | 'vmg_tag'
  | 'gpa'
  | 'spa'
  | 'tag';

/** What each event's body must hold to be whole; the rest may be there. */
const REQUIRED: Readonly<Record<string, readonly Key[]>> = {
  ILLEGAL_DEV_TABLE_ENTRY: ['device', 'address', 'flags'],
  IO_PAGE_FAULT: ['domain', 'address', 'flags'],
  DEV_TAB_HARDWARE_ERROR: ['device', 'address', 'flags'],
  PAGE_TAB_HARDWARE_ERROR: ['device', 'address', 'flags'],
  ILLEGAL_COMMAND_ERROR: ['address'],
  COMMAND_HARDWARE_ERROR: ['address', 'flags'],
  IOTLB_INV_TIMEOUT: ['device', 'address'],
  INVALID_DEVICE_REQUEST: ['device', 'address', 'flags'],
  INVALID_PPR_REQUEST: ['device', 'address', 'flags'],
  RMP_PAGE_FAULT: ['vmg_tag', 'gpa', 'flags'],
  RMP_HW_ERROR: ['vmg_tag', 'spa', 'flags'],
};
const NAMES = Object.keys(REQUIRED);

const NOT_ATTACHED = 'Device not attached to domain properly';

/** Texts of which a line with an AMD-Vi event has at least one. */
export const AMD_ANCHORS = [
  'Event logged [',
  ...NAMES,
  'UNKNOWN event[',
  'UNKNOWN type=',
  NOT_ATTACHED,
  ' domain=0x',
];

const NUMBER = /^0x([0-9a-f]{1,16})$/;
const DEVICE = new RegExp(`^${BDF}$`);

/** An event's name and its body up to the bracket; 1 is the name, 2 the body. */
const EVENT = new RegExp(`\\b(${NAMES.join('|')})\\s+([^\\]\\[]*)\\]`, 'g');
/** The name with at least the start of a value: an event, whole or not. */
const STARTED = new RegExp(`\\b(?:${NAMES.join('|')})\\s+[a-z_]+=`);
/** The name alone where a line ends, with the beginning of a key at most. */
const NAME_AT_END = new RegExp(`\\b(?:${NAMES.join('|')})\\s*[a-z_]*$`);
const UNKNOWN_TYPE = /\bUNKNOWN type=0x([0-9a-f]{2})\]/g;
const UNKNOWN_WORDS =
  /\bUNKNOWN event\[0\]=0x([0-9a-f]{8}) event\[1\]=0x([0-9a-f]{8}) event\[2\]=0x([0-9a-f]{8}) event\[3\]=0x([0-9a-f]{8})/g;
const HEADER = 'Event logged [';
/** The line after NOT_ATTACHED: nothing but the device and its domain. */
const ATTACHED_DEVICE = new RegExp(
  `^\\s*(?:AMD-Vi:\\s+)?device=${BDF} domain=0x([0-9a-f]{1,5})\\s*$`,
);

/**
 * What the kernel puts before an event of a device (`nvme 0000:01:00.0: `) or of a unit
 * (`iommu ivhd0: `), with or without `AMD-Vi: ` and the header. 1 is the driver or bus.
 */
const BEFORE = new RegExp(
  `(?:([A-Za-z][\\w.-]{0,63}) (?:${BDF}|(ivhd\\d{1,3})): )?(AMD-Vi: )?(?:${HEADER.replace('[', '\\[')})?$`,
);
/** Bus names stand where no driver is bound. */
const BUSES = ['pci', 'iommu', 'platform'];

/** Reads every AMD-Vi event in a text; undefined where it has no trace of any. */
export function readAmd(text: string): Reading | undefined {
  const messages: Message[] = [];
  let damaged = false;
  let rest = text;
  const each = (pattern: RegExp, read: (match: RegExpExecArray) => Message | undefined): void => {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      const message = read(match);
      if (message) messages.push(message);
      else damaged = true;
      const end = pattern.lastIndex;
      rest = rest.slice(0, match.index) + ' '.repeat(end - match.index) + rest.slice(end);
    }
  };
  each(EVENT, (match) => event(match, text));
  if (rest.includes('UNKNOWN')) {
    each(UNKNOWN_TYPE, (match) => ({
      ...blank(match, text),
      event: 'UNKNOWN',
      raw: [hexWord(match[1])],
    }));
    each(UNKNOWN_WORDS, (match) => ({
      ...blank(match, text),
      event: 'UNKNOWN',
      raw: match.slice(1).map(hexWord),
    }));
  }
  const notAttached = rest.indexOf(NOT_ATTACHED);
  if (notAttached >= 0) messages.push({ kind: 'amd-header', index: notAttached });
  const device = ATTACHED_DEVICE.exec(rest);
  if (device)
    messages.push({
      kind: 'amd-device',
      index: 0,
      segment: hexNumber(device[1]),
      id: requesterId(device[2], device[3], device[4]),
      domain: hexNumber(device[5]),
    });
  const cut = STARTED.test(rest);
  let part = false;
  if (messages.length === 0 && !cut) {
    const header = rest.indexOf(HEADER);
    if (header >= 0) {
      // What follows is the beginning of a body, or what another processor printed.
      part = header + HEADER.length < rest.trimEnd().length;
      messages.push({ kind: 'amd-header', index: header });
    } else part = NAME_AT_END.test(rest);
  }
  if (messages.length === 0 && !cut && !damaged && !part) return undefined;
  return { messages, broken: damaged ? 'damaged' : cut ? 'cut' : part ? 'part' : 'no' };
}

/** An event with nothing but what stands before it. */
function blank(match: RegExpExecArray, text: string): AmdEvent {
  const before = BEFORE.exec(text.slice(Math.max(0, match.index - 160), match.index));
  const [, driver, segment, bus, device, fn, unit, vendor] = before ?? [];
  const bound = driver !== undefined && bus !== undefined && !BUSES.includes(driver);
  return {
    kind: 'amd',
    index: match.index,
    event: '',
    unit,
    driver: bound ? driver : undefined,
    segment: hexNumber(segment),
    id: bus === undefined ? undefined : requesterId(bus, device, fn),
    pasid: undefined,
    domain: undefined,
    address: undefined,
    flags: undefined,
    raw: undefined,
    unnamed: bus !== undefined && vendor === undefined,
  };
}

function event(match: RegExpExecArray, text: string): AmdEvent | undefined {
  const values = readBody(match[2]);
  if (!values || !REQUIRED[match[1]].every((key) => values.has(key))) return undefined;
  const at = blank(match, text);
  const device = DEVICE.exec(values.get('device') ?? '');
  const number = (key: Key): bigint | undefined => {
    const digits = NUMBER.exec(values.get(key) ?? '')?.[1];
    return digits === undefined ? undefined : hexWord(digits);
  };
  const small = (key: Key): number | undefined => {
    const value = number(key);
    return value === undefined ? undefined : Number(value);
  };
  const flags = number('flags');
  const domain = small('domain');
  const guest = flags !== undefined && (flags & BigInt(FLAG.GN)) !== 0n;
  return {
    ...at,
    event: match[1],
    // The prefix names the device only where the body does not: else it is the unit's.
    driver: device ? undefined : at.driver,
    segment: device ? hexNumber(device[1]) : at.segment,
    id: device ? requesterId(device[2], device[3], device[4]) : at.id,
    // With GN = 1 what the kernel prints as the domain is the PASID (48882 §2.5.3).
    pasid: small('pasid') ?? (guest ? domain : undefined),
    domain,
    address: number('address') ?? number('gpa') ?? number('spa'),
    flags,
  };
}

/** `key=value` parts between spaces or commas. @returns undefined when any part is not one. */
function readBody(body: string): ReadonlyMap<Key, string> | undefined {
  const values = new Map<Key, string>();
  for (const part of body.split(/[\s,]+/)) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const key = part.slice(0, equals);
    const value = part.slice(equals + 1);
    if (!isKey(key) || values.has(key)) return undefined;
    const pattern = key === 'device' ? DEVICE : NUMBER;
    if (!pattern.test(value)) return undefined;
    values.set(key, value);
  }
  return values;
}

const KEYS: readonly string[] = [
  'device',
  'domain',
  'pasid',
  'address',
  'flags',
  'flags_rmp',
  'vmg_tag',
  'gpa',
  'spa',
  'tag',
] satisfies Key[];

function isKey(text: string): text is Key {
  return KEYS.includes(text);
}
