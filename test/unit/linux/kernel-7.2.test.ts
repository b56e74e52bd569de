import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatBdf } from '../../../core/format/bdf.ts';
import { hex } from '../../../core/format/hex.ts';
import type { Kernel } from '../../../core/linux/kernel.ts';
import { bytesSource } from '../../../core/memory/platform.ts';
import type { Investigation } from '../../../core/session/investigation.ts';
import { openInvestigation } from '../../../core/session/open-investigation.ts';
import { tablesDocument } from '../../../core/session/tables-document.ts';
import { nodePlatform } from '../../../electron/host/platform.ts';
import { ROOT } from '../../support/captures.ts';
import { expectTruth, type Truth } from '../../support/truth.ts';

/** Trimmed dumps of a 7.2 kernel: see test/fixtures/kernels/README.md. They need nothing else. */
const file = (name: string, what: string): Buffer =>
  readFileSync(join(ROOT, 'test/fixtures/kernels', name, what));

function open(name: string): Investigation {
  const bytes = zstdDecompressSync(file(name, 'vmcore.zst'));
  return openInvestigation([bytesSource(name, bytes)], { platform: nodePlatform });
}

const truthOf = (name: string): Truth =>
  JSON.parse(file(name, 'truth.vmcore.json').toString()) as Truth;

describe.each(['intel-7.2', 'amd-7.2'])('%s', (name) => {
  let source: Investigation;
  let kernel: Kernel;
  const truth = truthOf(name);
  beforeAll(() => {
    source = open(name);
    kernel = source.kernel()!;
  });
  afterAll(() => source.close());

  test('symbols by addresses relative to their own place, and types', () => {
    expect(kernel.release).toBe('7.2.13+deb14-amd64');
    expect(kernel.symbols()).toMatchObject({ count: 199_097, encoding: 'place-relative' });
    expect(kernel.checks().map((check) => check.holds)).toEqual([true, true, true, true, true]);
    expect(kernel.findings).toEqual([]);
    expect(kernel.incomplete).toEqual([]);
  });

  test('the tables equal what the separate walker finds', async () => {
    const answer = await tablesDocument(source, source.units(), { leaves: true, segments: false });
    expectTruth(answer as never, truth, { fromKernel: true });
  });

  test("the log's records have the longer printk_info", () => {
    const log = kernel.dmesg();
    expect(log[0].text).toContain('Linux version 7.2.13+deb14-amd64');
    expect(log.length).toBeGreaterThan(450);
    expect(
      log.some((record) => record.subsystem === 'pci' && record.device?.startsWith('+pci:')),
    ).toBe(true);
    expect(kernel.panic()).toMatchObject({ reason: 'sysrq triggered crash', cpu: 1 });
  });

  test("the kernel's own view of the devices whose entries nobody changed", () => {
    const rows = new Map(truth.units[0].devices.map((row) => [row['bdf'] as string, row]));
    const domains = kernel.domains();
    expect(domains.length).toBeGreaterThan(8);
    const reservation = kernel.crashReservation()!;
    const changed = domains.filter((domain) => {
      const table = BigInt(rows.get(formatBdf(domain.id))!['pageTable'] as string);
      return table >= reservation.start && table <= reservation.end;
    });
    // The AMD crash kernel reuses the device table and gives the devices that it drives new domains.
    expect(changed.map((domain) => formatBdf(domain.id))).toEqual(
      name === 'amd-7.2' ? ['00:04.0', '00:07.0', '00:1f.2'] : [],
    );
    for (const domain of domains.filter((each) => !changed.includes(each))) {
      const row = rows.get(formatBdf(domain.id))!;
      expect([hex(domain.pageTable!), domain.domain]).toEqual([row['pageTable'], row['domain']]);
      expect(domain.levels).toBe(row['levels'] ?? row['mode']);
    }
  });
});
