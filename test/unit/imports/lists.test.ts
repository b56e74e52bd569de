import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeDmar } from '../../../core/acpi/dmar.ts';
import { formatBdf } from '../../../core/format/bdf.ts';
import { parseAcpidump } from '../../../core/imports/acpidump.ts';
import { identifyImport } from '../../../core/imports/identify.ts';
import { parseIomem } from '../../../core/imports/iomem.ts';
import { parseLspci } from '../../../core/imports/lspci.ts';
import { has } from './programs.ts';

describe('/proc/iomem', () => {
  const text = [
    '00000000-00000fff : Reserved',
    '00001000-0009fbff : System RAM',
    '40000000-bffdffff : System RAM',
    '  ae000000-bdffffff : Crash kernel',
    'fec00000-ffffffff : Reserved',
    '  fed90000-fed90fff : dmar0',
    '    fed90000-fed90fff : a name : with a colon',
    '100000000-23fffffff : System RAM',
  ].join('\n');

  it('gives ranges, their ends inclusive, with their depth', () => {
    expect(identifyImport(text)).toBe('iomem');
    const { ranges, findings } = parseIomem(text);
    expect(findings).toEqual([]);
    expect(ranges).toHaveLength(8);
    expect(ranges[3]).toEqual({
      start: 0xae00_0000n,
      end: 0xbdff_ffffn,
      name: 'Crash kernel',
      depth: 1,
    });
    expect(ranges[6]).toMatchObject({ depth: 2, name: 'a name : with a colon' });
    expect(ranges[7].end).toBe(0x2_3fff_ffffn);
  });

  it('read without privilege it holds no address, and that is said', () => {
    const hidden = '00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n';
    expect(parseIomem(hidden)).toMatchObject({ ranges: [], findings: [{ id: 'iomem-hidden' }] });
  });
});

describe('lspci', () => {
  const verbose = [
    '00:01.0 PCI bridge [0604]: Intel Corporation Skylake PCIe Controller [x16] [8086:1901] (rev 07) (prog-if 00 [Normal decode])',
    '\tControl: I/O+ Mem+ BusMaster+ SpecCycle- MemWINV-',
    '\tBus: primary=00, secondary=01, subordinate=02, sec-latency=0',
    '\tIOMMU group: 1',
    '\tKernel driver in use: pcieport',
    '',
    '01:00.0 RAID bus controller [0104]: Hewlett-Packard Company Smart Array Gen8 Controllers [103c:323b] (rev 01)',
    '\tSubsystem: Hewlett-Packard Company P420i [103c:3354]',
    '\tIOMMU group: 26',
    '\tKernel driver in use: hpsa',
    '\tKernel modules: hpsa',
    '',
    '0001:80:14.0 USB controller: Intel Corporation Sunrise Point-H USB 3.0 xHCI Controller (rev 31)',
  ].join('\n');

  it('-vvv: identities, class, driver, group, buses behind a bridge', () => {
    expect(identifyImport(verbose)).toBe('lspci');
    const [bridge, raid, usb] = parseLspci(verbose);
    expect(bridge).toMatchObject({
      classCode: 0x604,
      vendor: 0x8086,
      device: 0x1901,
      driver: 'pcieport',
      iommuGroup: 1,
      secondaryBus: 1,
      subordinateBus: 2,
    });
    // The subsystem's identity is not the device's.
    expect(raid).toMatchObject({ vendor: 0x103c, device: 0x323b, driver: 'hpsa', iommuGroup: 26 });
    expect(formatBdf(usb.bdf.id, usb.bdf.segment)).toBe('0001:80:14.0');
    expect([usb.vendor, usb.classCode, usb.driver, usb.iommuGroup]).toEqual(
      Array(4).fill(undefined),
    );
  });

  it('-nn and -n', () => {
    const named =
      '00:1f.2 SATA controller [0106]: Intel Corporation 82801IR [8086:2922] (rev 02)\n';
    const numbers = '00:1f.2 0106: 8086:2922 (rev 02)\n';
    for (const text of [named, numbers]) {
      expect(identifyImport(text)).toBe('lspci');
      expect(parseLspci(text)).toMatchObject([
        { classCode: 0x106, vendor: 0x8086, device: 0x2922 },
      ]);
    }
  });
});

/** A DMAR with one DRHD (VT-d 4.1 §8.1 to §8.3). */
function dmar(): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('DMAR'));
  view.setUint32(4, bytes.length, true);
  bytes[8] = 1;
  bytes.set(new TextEncoder().encode('FAULTLTESTBYTES'), 10);
  bytes[36] = 38;
  view.setUint16(48 + 2, 16, true);
  bytes[48 + 4] = 1;
  view.setBigUint64(48 + 8, 0xfed9_0000n, true);
  bytes[9] = 256 - (bytes.reduce((sum, byte) => sum + byte, 0) & 0xff);
  return bytes;
}

function dumpText(bytes: Uint8Array): string {
  const lines = ['DMAR @ 0x00000000BFFE2000'];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = Array.from(bytes.subarray(at, at + 16));
    const digits = row.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ');
    const shown = row.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('');
    lines.push(
      `    ${at.toString(16).padStart(4, '0').toUpperCase()}: ${digits.padEnd(47)}  ${shown}`,
    );
  }
  return `${lines.join('\n')}\n\n`;
}

describe('acpidump', () => {
  it('gives the bytes of a table, which then decode', () => {
    const text = dumpText(dmar());
    expect(identifyImport(text)).toBe('acpidump');
    const { tables, findings } = parseAcpidump(text + text.replace('DMAR @', 'XYZT @'));
    expect(findings).toEqual([]);
    expect(tables.map(({ signature, address }) => [signature, address])).toEqual([
      ['DMAR', 0xbffe_2000n],
      ['XYZT', 0xbffe_2000n],
    ]);
    expect(tables[0].bytes).toEqual(dmar());
    expect(decodeDmar(tables[0].bytes)?.structures).toHaveLength(1);
  });

  it('cuts a table at a gap and says so', () => {
    const lines = dumpText(dmar()).split('\n');
    lines.splice(2, 1);
    const { tables, findings } = parseAcpidump(lines.join('\n'));
    expect(tables[0].bytes).toHaveLength(16);
    expect(findings.map(({ id }) => id)).toEqual(['acpidump-gap', 'acpidump-short']);
  });

  it.skipIf(!has('acpidump'))('reads what the program itself prints', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'acpi-')), 'dmar.bin');
    writeFileSync(file, dmar());
    const text = execFileSync('acpidump', ['-f', file], { encoding: 'utf8' });
    expect(identifyImport(text)).toBe('acpidump');
    expect(parseAcpidump(text).tables[0].bytes).toEqual(dmar());
  });
});
