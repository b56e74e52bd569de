/** Fault reasons: numbers and words as the kernel prints them (kernel-messages.md section 1.4). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAULT_REASONS, faultReason, faultReasonName } from '../../../core/vtd/reasons.ts';
import { SHARED } from '../../support/captures.ts';

const MESSAGES = join(SHARED, '../kernel-messages.md');

/** `hex/dec words` pairs of section 1.4; a legacy code below 0A stands without its decimal. */
function kernelWords(text: string): Map<number, string> {
  const section = text.slice(text.indexOf('### 1.4'), text.indexOf('### 1.5'));
  const words = new Map<number, string>();
  for (const match of section.matchAll(/\b([0-9A-F]{2})(?:\/\d+)? `([^`]+)`/g))
    words.set(Number.parseInt(match[1], 16), match[2]);
  return words;
}

describe('fault reasons', () => {
  const shared = existsSync(MESSAGES);
  if (!shared) console.log(`fault reasons: ${MESSAGES} is not here; its list is not compared`);

  test.skipIf(!shared)('have the words of every kernel era', () => {
    const words = kernelWords(readFileSync(MESSAGES, 'utf8'));
    expect(words.size).toBeGreaterThan(60);
    for (const [code, text] of words) {
      const scalable = code >= 0x30;
      expect({ code, name: faultReasonName(code) }).toEqual({
        code,
        name: scalable ? `SM: ${text}` : text,
      });
      expect(faultReason(code)?.known).toBe(true);
    }
    const known = FAULT_REASONS.filter((reason) => reason.known).map(({ code }) => code);
    expect(known).toEqual([...words.keys()].sort((a, b) => a - b));
  });

  test.each([
    [0x05, 'PTE Write access is not set', 'dma', 'LGN.2'],
    [0x06, 'PTE Read access is not set', 'dma', 'LGN.3'],
    [0x0c, 'non-zero reserved fields in PTE', 'dma', 'LSS.2'],
    [0x22, 'Present field in the IRTE entry is clear', 'interrupt', 'IRP'],
    [0x39, 'SM: Present bit in Root Entry is clear', 'scalable', 'SRT.2'],
    [0x71, 'SM: Present bit in first-level paging entry is clear', 'scalable', 'SFS.2'],
    [0x79, 'SM: Read/Write permission error in second-level paging entry', 'scalable', 'SSS.2'],
  ])('%d is %s', (code, name, kind, conditions) => {
    expect(faultReason(code)).toMatchObject({ code, name, kind, conditions });
  });

  test('gaps print Unknown', () => {
    expect(faultReasonName(0x0f)).toBe('Unknown');
    expect(faultReasonName(0x37)).toBe('Unknown');
    expect(faultReason(0xff)).toBeUndefined();
  });

  test('each has a meaning and stands once', () => {
    expect(new Set(FAULT_REASONS.map(({ code }) => code)).size).toBe(FAULT_REASONS.length);
    for (const { meaning } of FAULT_REASONS) expect(meaning.length).toBeGreaterThan(10);
  });
});
