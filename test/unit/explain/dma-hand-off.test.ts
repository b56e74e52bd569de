import { describe, expect, test } from 'vitest';
import { explainFault } from '../../../core/explain/explain.ts';
import {
  BDF,
  CONTEXTS,
  COPIED,
  COPYING,
  IOVA,
  L1,
  L3,
  REFUSED,
  context,
  contextOf,
  crashLog,
  fault,
  faultLine,
  intelState,
  storyOf,
} from './state.ts';

describe('around a hand-off', () => {
  const crashFault = (...lines: readonly string[]) => {
    const story = storyOf(crashLog(...lines));
    return { story, record: story.faults.at(-1)! };
  };
  const line = (reason: number): string =>
    faultLine(BDF, IOVA, reason, 'PTE Read access is not set');

  test('first kernel’s tables map it, the crash kernel attached the device: in-flight DMA', () => {
    const { story, record } = crashFault(COPYING, COPIED, line(0x06));
    const { unit } = intelState();
    const explained = explainFault(record, contextOf([unit], { tablesOf: 0, story }));
    expect(explained).toMatchObject({ verdict: 'in-flight-dma', confidence: 'strong' });
    expect(explained.evidence.map(({ what }) => what)).toContain('console line 7');
    expect(explained.story).toContain('It had copied the tables');
  });

  test.each([0x01, 0x02, 0x39])('reason %i: the crash kernel cleared the entry', (reason) => {
    const { story, record } = crashFault(COPYING, REFUSED, line(reason));
    const { unit } = intelState();
    const explained = explainFault(record, contextOf([unit], { tablesOf: 0, story }));
    expect(explained).toMatchObject({ verdict: 'entry-cleared', confidence: 'strong' });
    expect(explained.text).toContain('refused to take over');
  });

  test('near miss: the same fault of the first kernel itself', () => {
    const { unit } = intelState();
    const explained = explainFault(fault({ reason: 0x02 }), contextOf([unit], { tablesOf: 0 }));
    expect(explained.verdict).toBe('stale-cache');
  });

  test('hpsa: attached, translated by nobody’s old table, answered from the cache', () => {
    const { story, record } = crashFault(
      COPIED,
      `DMAR: Setting identity map for device 0000:${BDF} [0xe8000 - 0xe8fff]`,
      line(0x06),
    );
    const { unit } = intelState({ leaf: 0n });
    const explained = explainFault(record, contextOf([unit], { tablesOf: 0, story }));
    expect(explained.verdict).toBe('stale-cache');
    expect(explained.text).toContain('invalidation of the old domain');
    const before = crashFault(COPIED, line(0x06));
    expect(
      explainFault(before.record, contextOf([unit], { tablesOf: 0, story: before.story })).verdict,
    ).toBe('not-mapped');
  });

  test("the crash kernel's own tables: no entry, nothing taken over", () => {
    const { unit } = intelState({ context: [0n, 0n] });
    const empty = crashFault(line(0x02));
    const verdict = (of: ReturnType<typeof crashFault>) =>
      explainFault(of.record, contextOf([unit], { tablesOf: 1, story: of.story })).verdict;
    expect(verdict(empty)).toBe('entry-cleared');
    expect(verdict(crashFault(COPIED, line(0x02)))).toBe('entry-absent');
  });

  test("the crash kernel's own page table does not map what the first one mapped", () => {
    const { story, record } = crashFault(COPIED, line(0x06));
    const { unit } = intelState({ leaf: 0n });
    const inCrashMemory = [{ start: BigInt(L3), end: BigInt(L1) + 0xfffn }];
    const verdict = (reserved: typeof inCrashMemory) =>
      explainFault(record, contextOf([unit], { tablesOf: 1, story, reserved })).verdict;
    expect(verdict(inCrashMemory)).toBe('in-flight-dma');
    expect(verdict([{ start: BigInt(L3), end: BigInt(L3) + 0xfffn }])).toBe('not-mapped');
  });

  test('a lost upper half is told from other lost entries', () => {
    const { story, record } = crashFault(COPIED, faultLine('00:14.0', IOVA, 0x39, 'SM'));
    const { memory, unit } = intelState();
    memory.put(CONTEXTS + 16 * 0xa0, ...context());
    const explained = explainFault(record, contextOf([unit], { tablesOf: 0, story }));
    expect(explained.verdict).toBe('entry-cleared');
    expect(explained.text).toContain('upper half');
  });
});
