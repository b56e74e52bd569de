import { AMD_ANCHORS, readAmd } from './amdvi-lines.ts';
import { AMD_BRING_UP, INTEL_BRING_UP } from './bring-up-lines.ts';
import { DUMP_ANCHORS, readDump } from './dump-lines.ts';
import { HAND_OFF } from './hand-off-lines.ts';
import type { Message, Reading } from './message.ts';
import { MILESTONES } from './milestone-lines.ts';
import { readRules } from './phase-table.ts';
import { RUN_TIME } from './run-time-lines.ts';
import { readVtd, VTD_ANCHORS } from './vtd-lines.ts';

const RULES = [...HAND_OFF, ...INTEL_BRING_UP, ...AMD_BRING_UP, ...RUN_TIME, ...MILESTONES];

/** Every text by which a line of interest is found; each has at least eight characters. */
export const ANCHORS: readonly string[] = [
  ...VTD_ANCHORS,
  ...AMD_ANCHORS,
  ...DUMP_ANCHORS,
  ...RULES.map((each) => each.key),
];

const NOTHING: Reading = { messages: [], broken: 'no' };
const MAYBE_VTD = /fault|\[DMA|INTR-REMAP/;
const MAYBE_AMD = /Event logged|_FAULT|_ERROR|_ENTRY|_TIMEOUT|_REQUEST|UNKNOWN |attached|device=/;
const MAYBE_DUMP = /entr|level|present|probed|setup|DTE|CMD|Control/;

/**
 * Reads one message: a cleaned line, or a part of one, without its prefixes. A line may hold more
 * than one message when the console lost a newline.
 */
export function readMessage(text: string): Reading {
  const vtd = MAYBE_VTD.test(text) ? readVtd(text) : undefined;
  if (vtd && vtd.broken === 'no' && !text.includes('Event logged')) return vtd;
  const amd = MAYBE_AMD.test(text) ? readAmd(text) : undefined;
  if (amd && !vtd) return amd;
  if (vtd) return amd ? both(vtd, amd) : vtd;
  if (MAYBE_DUMP.test(text)) {
    const dump = readDump(text);
    if (dump.length > 0) return { messages: dump, broken: 'no' };
  }
  const phase = readRules(RULES, text);
  if (phase === undefined) return NOTHING;
  return phase === 'cut' ? { messages: [], broken: 'part' } : { messages: [phase], broken: 'no' };
}

function both(a: Reading, b: Reading): Reading {
  const messages: Message[] = [...a.messages, ...b.messages].sort((x, y) => x.index - y.index);
  const order = ['no', 'part', 'cut', 'damaged'] as const;
  const rank = Math.max(order.indexOf(a.broken), order.indexOf(b.broken));
  return { messages, broken: order[rank] };
}
