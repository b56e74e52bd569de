import { describe, expect, test } from 'vitest';
import { VERDICTS, type VerdictId } from '../../../core/explain/verdicts.ts';

/** The verdicts that the window's design names, in its words (ui.md, section 5, Explain). */
const NAMED: readonly (readonly [VerdictId, string])[] = [
  ['not-mapped', 'Not mapped'],
  ['permission-missing', 'Permission missing'],
  ['entry-absent', 'Context or root entry absent'],
  ['stale-cache', 'Stale cached translation'],
  ['in-flight-dma', 'In-flight DMA after hand-off'],
  ['interrupt-entry-absent', 'Interrupt entry absent'],
  ['reserved-bits', 'Reserved bits set'],
  ['interrupt-source-failed', 'Source ID check failed'],
  ['rmrr-not-mapped', 'RMRR not mapped'],
  ['beyond-width', 'Wrong address width'],
  ['undecided', "Can't be decided"],
];

describe('verdicts', () => {
  test.each(NAMED)('%s is called "%s"', (id, title) => {
    expect(VERDICTS[id].title).toBe(title);
  });

  test('each says in a sentence what would disprove it', () => {
    for (const [id, { title, disprove }] of Object.entries(VERDICTS)) {
      expect(title, id).toMatch(/^[A-Z][^.]+$/);
      expect(disprove, id).toMatch(/^[A-Z].{20,}\.$/);
    }
    const said = Object.values(VERDICTS).map(({ disprove }) => disprove);
    expect(new Set(said).size).toBe(said.length);
  });
});
