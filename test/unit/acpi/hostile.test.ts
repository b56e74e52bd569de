import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeDmar } from '../../../core/acpi/dmar.ts';
import { decodeIvrs } from '../../../core/acpi/ivrs.ts';
import * as ivrs from '../../../core/acpi/ivrs-layouts.ts';
import { ascii, concat, structure, table } from './build.ts';
import { IVRS_BODY, UNIT } from './bodies.ts';

test('random bytes under a sound header never throw, and every structure lies within the table', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('DMAR', 'IVRS'),
      fc.uint8Array({ maxLength: 300 }),
      (signature, body) => {
        const whole = table(signature, new Uint8Array(12), body);
        const found =
          signature === 'DMAR' ? decodeDmar(whole)?.structures : decodeIvrs(whole)?.blocks;
        for (const each of found ?? []) {
          expect(each.length).toBeGreaterThanOrEqual(4);
          expect(each.offset + each.length).toBeLessThanOrEqual(whole.length);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('a table with one byte changed never throws', () => {
  const whole = table(
    'IVRS',
    IVRS_BODY,
    structure(
      ivrs.IVHD_40,
      { ...UNIT, Type: 0x40 },
      structure(ivrs.ENTRY_HID, { Type: 0xf0, 'UID Format': 2, 'UID Length': 3 }, ascii('ABC')),
    ),
  );
  for (let at = 0; at < whole.length; at++)
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = concat(whole);
      changed[at] = value;
      decodeIvrs(changed);
      decodeDmar(changed);
    }
});
