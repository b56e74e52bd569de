import { describe, expect, it } from 'vitest';
import type { Missing } from '../../../renderer/wording.ts';
import {
  ABSENT,
  UNDECIDED,
  badBdf,
  browserModeLine,
  missingLook,
  missingWords,
  noFaults,
  nonePass,
  nothingMatches,
} from '../../../renderer/wording.ts';

/** The words are part of the product: reports and other people's notes quote them. */
describe('missing data', () => {
  it.each<[Missing, string]>([
    [{ kind: 'excluded' }, "page excluded by the dump's filter"],
    [{ kind: 'excluded', level: 31 }, "page excluded by the dump's filter (level 31)"],
    [{ kind: 'absent' }, 'not in this dump'],
    [{ kind: 'zero' }, 'reads as zero'],
    [{ kind: 'zero', stored: true }, 'reads as zero, stored in the dump'],
    [{ kind: 'zero', stored: false }, 'reads as zero, zero page left out by the filter'],
    [{ kind: 'truncated', missing: '0x3f000' }, 'dump ends here, 0x3f000 missing'],
    [{ kind: 'damaged', codec: 'zlib' }, 'page damaged: zlib error'],
    [{ kind: 'refused' }, 'target did not answer within 2 s'],
    [{ kind: 'pending', read: 2304, of: 4096 }, 'reading… 2,304 of 4,096 B'],
  ])('%j', (missing, words) => {
    expect(missingWords(missing)).toBe(words);
  });

  it.each<[Missing['kind'], boolean, string | undefined]>([
    ['excluded', true, 'unknown'],
    ['absent', true, undefined],
    ['zero', false, undefined],
    ['truncated', true, 'warning'],
    ['damaged', true, 'error'],
    ['refused', true, undefined],
    ['pending', false, 'unknown'],
  ])('%s: hatched %s, glyph %s', (kind, hatch, glyph) => {
    expect(missingLook(kind)).toEqual({ hatch, glyph });
  });

  it('never writes a value that is not known as one', () => {
    expect(ABSENT).toBe('–');
    expect(UNDECIDED).toBe("Can't be decided");
  });
});

describe('sentences', () => {
  it.each([
    [noFaults(2214, true), 'No faults. The log was read to the end: 2,214 lines, 0 fault lines.'],
    [noFaults(0, true), 'No faults. No console log is open.'],
    [noFaults(1234, false), 'No faults so far: 1,234 lines read, 0 fault lines.'],
    [nonePass(1542), '0 of 1,542 faults pass.'],
    [badBdf('2.0'), 'Not a BDF: "2.0". Write it as 02:00.0.'],
    [
      nothingMatches('xyz'),
      'Nothing matches "xyz". Addresses need hex digits; actions start with >.',
    ],
    [
      browserModeLine('lab-7'),
      'Files and serial ports are those of lab-7, where faultline serve runs. Nothing leaves it.',
    ],
  ])('%s', (made, expected) => {
    expect(made).toBe(expected);
  });
});
