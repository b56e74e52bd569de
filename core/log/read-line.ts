import { AMD_ANCHORS, readAmd } from './amdvi-lines.ts';
import { AMD_BRING_UP, INTEL_BRING_UP } from './bring-up-lines.ts';
import { DUMP_ANCHORS, readDump } from './dump-lines.ts';
import { HAND_OFF } from './hand-off-lines.ts';
import type { Message, Reading } from './message.ts';
import { MILESTONES } from './milestone-lines.ts';
import type { PhaseRule } from './phase-rule.ts';
import { readRules } from './phase-table.ts';
import { RUN_TIME } from './run-time-lines.ts';
import { readVtd, VTD_ANCHORS } from './vtd-lines.ts';

const RULES = [...HAND_OFF, ...INTEL_BRING_UP, ...AMD_BRING_UP, ...RUN_TIME, ...MILESTONES];

/** What a line can be, by the anchors that it holds. */
export interface Hint {
  readonly vtd: boolean;
  readonly amd: boolean;
  readonly dump: boolean;
  /** In the order of the tables. */
  readonly rules: readonly PhaseRule[];
}

const NEITHER = { vtd: false, amd: false, dump: false, rules: [] } as const;
const VTD: Hint = { ...NEITHER, vtd: true };
const AMD: Hint = { ...NEITHER, amd: true };
const DUMP: Hint = { ...NEITHER, dump: true };
/** Texts by which lines of interest are found, and what a line with one of them can be. */
export const ANCHORS: readonly { readonly text: string; readonly hint: Hint }[] = [
  ...VTD_ANCHORS.map((text) => ({ text, hint: VTD })),
  ...AMD_ANCHORS.map((text) => ({ text, hint: AMD })),
  ...DUMP_ANCHORS.map((text) => ({ text, hint: DUMP })),
  ...RULES.map((rule) => ({ text: rule.key, hint: { ...NEITHER, rules: [rule] } })),
];

/** A fault of either vendor. */
const FAULTS_ONLY: Hint = { ...NEITHER, vtd: true, amd: true };

/** What a text can be by the anchors in it, looked for one by one. */
function hintOf(text: string): Hint {
  const has = (anchor: string): boolean => text.includes(anchor);
  return {
    vtd: VTD_ANCHORS.some(has),
    amd: AMD_ANCHORS.some(has),
    dump: DUMP_ANCHORS.some(has),
    rules: RULES,
  };
}

/** Rules are tried in the order of their tables: the more particular of two stands first. */
const ORDER: ReadonlyMap<PhaseRule, number> = new Map(RULES.map((rule, at) => [rule, at]));

/** What two hints make together; lines of a kind have the same two again and again. */
const together = new WeakMap<Hint, Map<Hint, Hint>>();
/** Hints that one other was put together with: lines that are made to differ are not remembered. */
const MOST_TOGETHER = 64;

/** What a line can be that has the anchors of two hints. */
export function eitherOf(a: Hint, b: Hint): Hint {
  if (a === b) return a;
  const known = together.get(a);
  const before = known?.get(b);
  if (before) return before;
  const others = b.rules.filter((rule) => !a.rules.includes(rule));
  const either: Hint = {
    vtd: a.vtd || b.vtd,
    amd: a.amd || b.amd,
    dump: a.dump || b.dump,
    rules:
      others.length === 0
        ? a.rules
        : [...a.rules, ...others].sort((x, y) => ORDER.get(x)! - ORDER.get(y)!),
  };
  if (!known) together.set(a, new Map([[b, either]]));
  else if (known.size < MOST_TOGETHER) known.set(b, either);
  return either;
}

const NOTHING: Reading = { messages: [], broken: 'no' };

/**
 * Reads one message: a cleaned line, or a part of one, without its prefixes. A line may hold more
 * than one message when the console lost a newline.
 * @param hint what it can be, where its anchors are known; the answer is the same without.
 */
export function readMessage(text: string, hint = hintOf(text)): Reading {
  const vtd = hint.vtd ? readVtd(text) : undefined;
  const amd = hint.amd ? readAmd(text) : undefined;
  if (vtd) return amd ? both(vtd, amd) : vtd;
  if (amd) return amd;
  if (hint.dump) {
    const dump = readDump(text);
    if (dump.length > 0) return { messages: dump, broken: 'no' };
  }
  const phase = readRules(hint.rules, text);
  if ('kind' in phase) return { messages: [phase], broken: 'no' };
  return phase.length === 0 ? NOTHING : { messages: [], broken: 'part', rules: phase };
}

/** What a line and its neighbours can be when the line alone is broken. */
export function hintOfBroken(reading: Reading): Hint {
  return reading.rules ? { ...NEITHER, rules: reading.rules } : FAULTS_ONLY;
}

function both(a: Reading, b: Reading): Reading {
  const messages: Message[] = [...a.messages, ...b.messages].sort((x, y) => x.index - y.index);
  const order = ['no', 'part', 'cut', 'damaged'] as const;
  const rank = Math.max(order.indexOf(a.broken), order.indexOf(b.broken));
  return { messages, broken: order[rank] };
}
