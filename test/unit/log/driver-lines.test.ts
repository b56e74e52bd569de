import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DriverLines } from '../../../core/log/driver-lines.ts';
import { captureBytes } from '../../support/captures.ts';

const LOG = [
  '[    2.273179] pci_bus 0000:00: resource 4 [io  0x0000-0x0cf7 window]',
  '[    2.300000] pci 0000:00:02.0: vgaarb: bridge control possible',
  '[    3.267851] pcieport 0000:00:04.0: PME: Signaling with IRQ 25',
  '[    3.300000][    T1] nvme nvme0: pci function 0000:01:00.0',
  '[    3.400000] e1000e 0000:02:00.0 eth0: registered PHC clock',
  'Nov 22 10:00:00 host kernel: ahci 0000:00:1f.2: version 3.0',
  '[    3.500000] xhci_hcd 0001:03:00.0: xHCI Host Controller',
  '[    3.600000] the word of 0000:04:00.0: is none of a driver',
  '',
].join('\n');

const found = (chunks: readonly Uint8Array[], from = 1, to = 100): Record<string, string> => {
  const lines = new DriverLines();
  for (const chunk of chunks) lines.push(chunk);
  lines.end();
  return Object.fromEntries(lines.between(from, to));
};
const bytes = new TextEncoder().encode(LOG);

describe('drivers that speak of their devices', () => {
  test('a driver by its name before the device; buses and prose are none', () => {
    expect(found([bytes])).toEqual({
      '01:00.0': 'nvme',
      '02:00.0': 'e1000e',
      '00:1f.2': 'ahci',
      '0001:03:00.0': 'xhci_hcd',
    });
  });

  test('only those of a stretch of lines', () => {
    expect(found([bytes], 5, 6)).toEqual({ '02:00.0': 'e1000e' });
  });

  test('equal for any chunking', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((to, index) => bytes.subarray(at[index], to));
        expect(found(chunks)).toEqual(found([bytes]));
      }),
    );
  });

  test('a real boot', () => {
    const drivers = found([captureBytes('intel-6.1', 'console.log')], 1, 600);
    expect(Object.values(drivers)).toEqual(expect.arrayContaining(['nvme']));
  });
});
