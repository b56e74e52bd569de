import type { VtdEra } from '../iommu/fault.ts';
import {
  BDF,
  hexNumber,
  hexWord,
  requesterId,
  type Message,
  type Reading,
  type VtdFault,
} from './message.ts';

/** Texts of which a line with a VT-d fault has at least one. */
export const VTD_ANCHORS = [
  'Request device [',
  'fault addr ',
  'fault index ',
  '[fault reason ',
  'DMAR:[DMA ',
  'DMAR: [DMA ',
  'DMAR: [INTR-REMAP]',
  'INTR-REMAP:',
  'handling fault status reg ',
];

/** What may follow a number: a blank, the reason, a soft break of quoted-printable, or nothing. */
const NUMBER_ENDS = '(?=[\\s[=]|$)';
const REASON = '\\s*\\[fault reason (?:0x([0-9a-f]{1,2})|(\\d{1,3}))\\]';

/**
 * A DMA fault of any era. Groups: 1 prefix, 2 `DMAR:[` of the two-line eras, 3 access, 4 no PASID,
 * 5 PASID (5.14 on), 6-9 BDF, 10 PASID (5.4 to 5.13), 11 `0x`, 12 address, 13 and 14 the reason in
 * hexadecimal and in decimal.
 */
const DMA = new RegExp(
  `(DMAR: |dmar: )?(DMAR:)?\\[DMA (Read|Write)(?: (NO_PASID)| PASID 0x([0-9a-f]{1,8}))?\\]\\s*` +
    `Request device \\[${BDF}\\](?: PASID ([0-9a-f]{1,8}))?\\s*fault addr (0x)?([0-9a-f]{1,16})` +
    `${NUMBER_ENDS}(?:${REASON})?`,
  'g',
);

/**
 * An interrupt fault of any era. Groups: 1 prefix, 2 `[[` of the two-line eras, 3-6 BDF, 7 `0x`,
 * 8 index, 9 and 10 the reason.
 */
const INTERRUPT = new RegExp(
  `(DMAR: |dmar: )?(?:\\[INTR-REMAP\\]|INTR-REMAP:)\\s*Request device \\[(\\[)?${BDF}\\]\\s*` +
    `fault index (0x)?([0-9a-f]{1,4})${NUMBER_ENDS}(?:${REASON})?`,
  'g',
);

const SECOND_LINE = new RegExp(`(DMAR|INTR-REMAP):${REASON}`, 'g');
const STATUS = /DRHD: handling fault status reg ([0-9a-f]{1,8})(?![0-9a-zA-Z])/g;

/** Parts of a fault record, for lines of which nothing better was made. */
const PARTS =
  /Request device \[|\[fault reason |fault addr (?:0x)?[0-9a-f]|fault index (?:0x)?[0-9a-f]/;
/** The beginning of a record, whatever follows; each holds one of the anchors. */
const BEGINNING = /DMAR: ?\[DMA |DMAR: \[INTR-REMAP\]|INTR-REMAP: Req/;
/** Xen's wording names the registers' address; its records are not Linux's. */
const XEN = 'iommu reg = ';

const LARGEST_PASID = 0xfffff;
/** FR, the fault reason field, has eight bits. */
const LARGEST_REASON = 0xff;
/** What kernels of 5.4 to 5.13 print for a request without PASID. */
const NO_PASID = 0xffffffff;

/** Reads every VT-d fault, reason and status line in a text; undefined where it has no trace of any. */
export function readVtd(text: string): Reading | undefined {
  return readOne(text) ?? readAll(text);
}

/** Nothing in what stands beside a message may be part of another. */
const MORE = /[[:]|fault/;

/** A text that is one whole message and nothing else, as nearly all are. */
function readOne(text: string): Reading | undefined {
  let message: Message | undefined;
  let pattern = DMA;
  pattern.lastIndex = 0;
  let match = pattern.exec(text);
  if (match) message = dmaFault(match);
  else {
    pattern = STATUS;
    pattern.lastIndex = 0;
    match = pattern.exec(text);
    if (match) message = statusLine(match);
  }
  if (!match || !message) return undefined;
  const end = pattern.lastIndex;
  if (message.kind === 'vtd' && message.reason === undefined) return undefined;
  // Before a status line stands its prefix, which no other message has without more.
  if (match.index > 0 && !/^(?:DMAR|dmar): $/.test(text.slice(0, match.index))) return undefined;
  if (end < text.length && MORE.test(text.slice(end).replace(SM_PREFIX, ''))) return undefined;
  return { messages: [message], broken: 'no' };
}

/** With which the words of scalable-mode reasons begin. */
const SM_PREFIX = /^ SM: /;

function readAll(text: string): Reading | undefined {
  if (text.includes(XEN)) return { messages: [], broken: 'damaged' };
  const messages: Message[] = [];
  let cut = false;
  let damaged = false;
  // What no message has taken.
  let rest = text;
  const each = (pattern: RegExp, read: (match: RegExpExecArray) => Message | undefined): void => {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      let message = read(match);
      const endsLine = pattern.lastIndex === text.length;
      if (message?.kind === 'vtd' && isCut(message, endsLine)) {
        cut = true;
        // In one-line records something always follows the number; without it digits may be lost.
        if (endsLine && message.era >= 'V4')
          message = { ...message, address: undefined, entryIndex: undefined };
      }
      if (message && !isHalfAddress(message)) messages.push(message);
      else damaged = true;
      const end = pattern.lastIndex;
      rest = rest.slice(0, match.index) + ' '.repeat(end - match.index) + rest.slice(end);
    }
  };
  if (text.includes('Request device [')) {
    each(DMA, dmaFault);
    if (text.includes('INTR-REMAP')) each(INTERRUPT, interruptFault);
  }
  if (text.includes('handling fault status reg')) each(STATUS, statusLine);
  if (rest.includes('[fault reason ')) each(SECOND_LINE, secondLine);
  if (rest.includes('[') || rest.includes('fault')) {
    if (PARTS.test(rest)) damaged = true;
    else if (BEGINNING.test(rest)) cut = true;
  }
  if (messages.length === 0 && !cut && !damaged) return undefined;
  messages.sort((x, y) => x.index - y.index);
  return { messages, broken: damaged ? 'damaged' : cut ? 'cut' : 'no' };
}

function secondLine(match: RegExpExecArray): Message | undefined {
  const reason = reasonOf(match[2], match[3]);
  if (reason === undefined || reason > LARGEST_REASON) return undefined;
  return {
    kind: 'vtd-reason',
    index: match.index,
    interrupt: match[1] === 'INTR-REMAP',
    reason,
  };
}

function statusLine(match: RegExpExecArray): Message {
  return { kind: 'status', index: match.index, value: Number.parseInt(match[1], 16) };
}

/**
 * Whether a record that matches may still be only its beginning: a one-line record without its
 * reason, or digits that end with the line and may go on after a wrap.
 */
function isCut(fault: VtdFault, endsLine: boolean): boolean {
  return fault.reason === undefined && (fault.era >= 'V4' || endsLine);
}

/** Kernels print the address of a page: with other bits in it, it is not all there. */
function isHalfAddress(message: Message): boolean {
  return (
    message.kind === 'vtd' &&
    message.reason === undefined &&
    ((message.address ?? 0n) & 0xfffn) !== 0n
  );
}

function dmaFault(match: RegExpExecArray): VtdFault | undefined {
  const [, prefix, twoLine, access, none, newPasid] = match;
  const [segment, bus, device, fn, oldPasid, hexMark, address, hexReason, reason] = match.slice(6);
  const pasid = hexNumber(newPasid ?? oldPasid);
  if (pasid !== undefined && pasid > LARGEST_PASID && pasid !== NO_PASID) return undefined;
  const code = reasonOf(hexReason, reason);
  if (code !== undefined && code > LARGEST_REASON) return undefined;
  return {
    kind: 'vtd',
    index: match.index,
    interrupt: false,
    era: twoLine
      ? twoLineEra(prefix)
      : oneLineEra(match[0], segment, hexMark !== undefined || none !== undefined, oldPasid),
    access: access === 'Read' ? 'read' : 'write',
    segment: hexNumber(segment),
    id: requesterId(bus, device, fn),
    pasid: pasid === NO_PASID ? undefined : pasid,
    address: hexWord(address),
    entryIndex: undefined,
    reason: code,
  };
}

function interruptFault(match: RegExpExecArray): VtdFault | undefined {
  const [, prefix, , segment, bus, device, fn, hexMark, index, hexReason, reason] = match;
  const code = reasonOf(hexReason, reason);
  if (code !== undefined && code > LARGEST_REASON) return undefined;
  return {
    kind: 'vtd',
    index: match.index,
    interrupt: true,
    era: match[0].includes('[INTR-REMAP]')
      ? oneLineEra(match[0], segment, hexMark !== undefined, undefined)
      : twoLineEra(prefix),
    access: undefined,
    segment: hexNumber(segment),
    id: requesterId(bus, device, fn),
    pasid: undefined,
    address: undefined,
    entryIndex: hexNumber(index),
    reason: code,
  };
}

function twoLineEra(prefix: string | undefined): VtdEra {
  if (prefix === 'dmar: ') return 'V2';
  return prefix === 'DMAR: ' ? 'V3' : 'V1';
}

function oneLineEra(
  text: string,
  segment: string | undefined,
  hex: boolean,
  oldPasid: string | undefined,
): VtdEra {
  if (segment !== undefined) return 'V8';
  if (text.includes('[0x')) return 'V6';
  if (hex) return 'V7';
  return oldPasid === undefined ? 'V4' : 'V5';
}

/** `0x` before the number means hexadecimal, its absence decimal, in every era. */
function reasonOf(
  hexadecimal: string | undefined,
  decimal: string | undefined,
): number | undefined {
  if (hexadecimal !== undefined) return Number.parseInt(hexadecimal, 16);
  return decimal === undefined ? undefined : Number(decimal);
}
