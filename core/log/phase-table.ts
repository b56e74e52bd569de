import type { PhaseLine } from './message.ts';
import type { PhaseRule } from './phase-rule.ts';
import type { Detail, Phase } from './records.ts';

/** A rule; `note` unless said otherwise. */
export function rule(
  key: string,
  pattern: RegExp,
  phase: Phase,
  event: string,
  more: Partial<Pick<PhaseRule, 'severity' | 'kinds' | 'implies' | 'unitOf'>> = {},
): PhaseRule {
  return { key, pattern, phase, event, severity: 'note', ...more };
}

/** Longest text that a record keeps: a line of the kernel has 1,024 characters at most. */
const LONGEST_TEXT = 2048;

const NONE: readonly PhaseRule[] = [];

/** What the first rule that fits makes of a message; else the rules of which the key is there. */
export function readRules(
  rules: readonly PhaseRule[],
  text: string,
): PhaseLine | readonly PhaseRule[] {
  let cut: PhaseRule[] | undefined;
  for (const each of rules) {
    if (!text.includes(each.key)) continue;
    const match = each.pattern.exec(text);
    if (match) return phaseLine(each, match, text);
    (cut ??= []).push(each);
  }
  return cut ?? NONE;
}

function phaseLine(of: PhaseRule, match: RegExpExecArray, text: string): PhaseLine {
  const { groups } = match;
  const details: Record<string, Detail> = {};
  for (const name in of.implies) details[name] = of.implies[name];
  for (const name in groups) {
    const value = groups[name];
    if (value === undefined || name === 'unit') continue;
    const kind = of.kinds?.[name];
    if (kind === 'hex') details[name] = BigInt(`0x${value}`);
    else if (kind === 'decimal') details[name] = Number(value);
    else details[name] = value.trim();
  }
  return {
    kind: 'phase',
    index: match.index,
    phase: of.phase,
    event: of.event,
    text: text.slice(0, LONGEST_TEXT).trim(),
    severity: of.severity,
    unit: groups?.['unit'] ?? of.unitOf?.(groups ?? {}),
    details,
  };
}
