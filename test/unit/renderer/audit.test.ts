import { describe, expect, it } from 'vitest';
import type { AuditHit, AuditRule } from '../../../core/protocol/contract-audit.ts';
import { auditForms, auditTable } from '../../../renderer/panels/audit/copy.ts';
import {
  PASSED,
  auditRows,
  foldKey,
  levelOf,
  openedBelow,
  summaryOf,
} from '../../../renderer/panels/audit/model.ts';
import { noDifference, notRead, noVmcoreinfo, rulesPassed } from '../../../renderer/wording.ts';

const hit = (severity: AuditHit['severity'], at: string): AuditHit => ({
  at,
  severity,
  text: `broken at ${at}`,
  evidence: [],
});

const rule = (id: string, change: Partial<AuditRule> = {}): AuditRule => ({
  id,
  title: `Rule ${id}`,
  why: 'It matters.',
  source: 'VT-d 4.1 §9.1',
  severity: 'error',
  outcome: 'passed',
  hits: [],
  more: 0,
  gaps: [],
  ...change,
});

const RULES = [
  rule('sound'),
  rule('partly', { gaps: ['a page is excluded'] }),
  rule('doubtful', { outcome: 'found', hits: [hit('note', 'dmar0'), hit('note', 'dmar1')] }),
  rule('broken', { outcome: 'found', hits: [hit('error', 'dmar0/00:06.0/context')], more: 3 }),
  rule('not-run', { outcome: 'skipped', skipped: 'needs page tables of 04:00.0' }),
];

const kinds = (flipped: readonly string[]) =>
  auditRows(RULES, new Set(flipped)).map((row) =>
    row.kind === 'rule' ? row.rule.id : row.kind === 'hit' ? `  ${row.hit.at}` : row.kind,
  );

describe('rows of the audit', () => {
  it('are what was found, the worst first, what passed in one fold, what was not run', () => {
    expect(kinds([])).toEqual([
      'broken',
      '  dmar0/00:06.0/context',
      'note',
      'doubtful',
      '  dmar0',
      '  dmar1',
      'fold',
      'not-run',
    ]);
  });

  it('fold and unfold', () => {
    expect(kinds(['broken', PASSED, 'partly'])).toEqual([
      'broken',
      'doubtful',
      '  dmar0',
      '  dmar1',
      'fold',
      'sound',
      'partly',
      'note',
      'not-run',
    ]);
  });

  it('open with everything below', () => {
    const open = (flipped: readonly string[], at: number): string[] => {
      const rows = auditRows(RULES, new Set(flipped));
      return [...openedBelow(RULES, new Set(flipped), rows[at])].sort();
    };
    // A rule that was folded, one that is open already, a rule without hits, a hit.
    expect(open(['broken'], 0)).toEqual([]);
    expect(open(['doubtful'], 0)).toEqual(['doubtful']);
    expect(open([], 1)).toEqual([]);
    // What passed, with what was not looked at.
    const all = open([], 6);
    expect(kinds(all).slice(6)).toEqual(['fold', 'sound', 'partly', 'note', 'not-run']);
    expect(open(all, 6)).toEqual(all);
    expect(open([PASSED, 'partly'], 6)).toEqual(all);
  });

  it('know their place in the tree, and whether there is anything to unfold', () => {
    const rows = auditRows(RULES, new Set([PASSED, 'partly']));
    expect(rows.map(levelOf)).toEqual([1, 2, 2, 1, 2, 2, 1, 2, 2, 3, 1]);
    expect(rows.map(foldKey).filter((key) => key !== undefined)).toEqual([
      'broken',
      'doubtful',
      PASSED,
      'partly',
    ]);
  });

  it('are summed up in one line', () => {
    expect(summaryOf(RULES)).toBe('2 of 4 rules found something, 6 hits');
    expect(summaryOf([rule('sound')])).toBe('1 rule checked, nothing found');
    expect(summaryOf([RULES[4]])).toBe('No rule could be checked');
  });
});

describe('the audit as a table', () => {
  it('has a row for every hit, and one for a rule without', () => {
    expect(
      auditTable(RULES).rows.map(([title, outcome, , where]) => [title, outcome, where]),
    ).toEqual([
      ['Rule sound', 'passed', undefined],
      ['Rule partly', 'passed', undefined],
      ['Rule doubtful', 'found', 'dmar0'],
      ['Rule doubtful', 'found', 'dmar1'],
      ['Rule broken', 'found', 'dmar0/00:06.0/context'],
      ['Rule broken', 'found', undefined],
      ['Rule not-run', 'skipped', undefined],
    ]);
  });

  it('copies the selected hit by itself', () => {
    const [, row] = auditRows(RULES, new Set());
    expect(auditForms(row).map(({ text }) => text)).toContain('dmar0/00:06.0/context');
  });
});

describe('the words', () => {
  it('are pinned', () => {
    expect(rulesPassed(31, false)).toBe('31 rules passed');
    expect(rulesPassed(1, true)).toBe('1 rule passed in what could be read');
    expect(notRead(['page table at 0x1000: not in this dump'])).toBe(
      'Not all could be read: page table at 0x1000: not in this dump',
    );
    expect(notRead(['one', 'two', 'three'])).toBe('Not all could be read: one (and 2 more)');
    expect(noVmcoreinfo(true)).toBe(
      'This ELF core holds memory but no VMCOREINFO, so no kernel can be asked. Load register values, give a root table address, or scan for tables.',
    );
    expect(noDifference(4, 212, 3_104_882)).toBe(
      'No difference in 4 units, 212 devices, 3,104,882 leaves.',
    );
    expect(noDifference(1, 1, 1)).toBe('No difference in 1 unit, 1 device, 1 leaf.');
  });
});
