import { describe, expect, test } from 'vitest';
import { decodeDmar } from '../../core/acpi/dmar.ts';
import { findAcpiTables } from '../../core/acpi/find.ts';
import { decodeIvrs } from '../../core/acpi/ivrs.ts';
import { parsePath } from '../../core/iommu/path.ts';
import { Failure } from '../../core/memory/failure.ts';
import { bytesSource } from '../../core/memory/platform.ts';
import { identify } from '../../core/session/identify.ts';
import { parseRegisters } from '../../core/session/register-file.ts';
import { ElfMemory } from '../support/elf-memory.ts';
import { captureBytes } from '../support/captures.ts';
import { mutate, Random } from '../support/mutate.ts';
import { Recording } from '../../electron/host/console/recording.ts';

/** More cases by FAULTLINE_FUZZ_SCALE=10 (ten times as many). */
const SCALE = Number(process.env['FAULTLINE_FUZZ_SCALE'] ?? 1);

function acpiTable(capture: 'intel-6.1' | 'amd-6.1', signature: string): Uint8Array {
  const tables = findAcpiTables(new ElfMemory(captureBytes(capture, 'tables.before.elf')));
  return tables.tables.find((table) => table.signature === signature)!.bytes;
}

/** Each parser with real input to mutate; it may answer or throw a Failure, and nothing else. */
const PARSERS: readonly {
  readonly name: string;
  readonly cases: number;
  readonly real: () => Uint8Array;
  readonly parse: (bytes: Uint8Array) => unknown;
}[] = [
  { name: 'DMAR', cases: 6000, real: () => acpiTable('intel-6.1', 'DMAR'), parse: decodeDmar },
  { name: 'IVRS', cases: 6000, real: () => acpiTable('amd-6.1', 'IVRS'), parse: decodeIvrs },
  {
    name: 'register files',
    cases: 4000,
    real: () => captureBytes('intel-6.1', 'regs.before.json'),
    parse: (bytes) => parseRegisters(new TextDecoder('latin1').decode(bytes)),
  },
  {
    name: 'register lines',
    cases: 4000,
    real: () =>
      new TextEncoder().encode('# comment\n0x000 0x10\n0x008=0xd2008c22260206\n0x20: 25d1000\n'),
    parse: (bytes) => parseRegisters(new TextDecoder('latin1').decode(bytes)),
  },
  {
    name: 'asciicast recordings',
    cases: 3000,
    real: () =>
      new TextEncoder().encode(
        '{"version": 2, "width": 80}\n[0.1, "o", "abc\\r\\n"]\n[0.2, "o", "\\u00e9"]\n[1e9, "o", ""]\n',
      ),
    parse: (bytes) => [...new Recording(bytesSource('fuzz', bytes)).events()].length,
  },
  {
    name: 'what a file is',
    cases: 4000,
    real: () => captureBytes('intel-6.1', 'tables.before.elf').subarray(0, 20_000),
    parse: (bytes) => identify(bytesSource('fuzz', bytes)),
  },
  {
    name: 'paths',
    cases: 3000,
    real: () => new TextEncoder().encode('dmar0/02:00.0/pasid.3/L4[0]/L3[511]'),
    parse: (bytes) => parsePath(new TextDecoder('latin1').decode(bytes)),
  },
];

describe('random and mutated input', () => {
  test.each(PARSERS)('$name: $cases cases', ({ cases, real, parse }) => {
    const seed = Uint8Array.from(real());
    let answered = 0;
    for (let number = 0; number < cases * SCALE; number++) {
      const random = new Random(number + 1);
      const bytes = number % 8 === 0 ? noise(random) : mutate(seed, random);
      const start = performance.now();
      try {
        parse(bytes);
        answered++;
      } catch (error) {
        if (!(error instanceof Failure))
          throw new Error(`case ${number}: ${String(error)}`, { cause: error });
      }
      // A bound that only a hang reaches, whatever else the machine does.
      expect(performance.now() - start).toBeLessThan(20_000);
    }
    expect(answered).toBeGreaterThan(0);
  });
});

function noise(random: Random): Uint8Array {
  return random.bytes(random.below(4096));
}
