import { describe, expect, test } from 'vitest';
import {
  captureJson,
  capturePath,
  CAPTURES,
  expandedPaths,
  FORMATS,
  MISSING_CAPTURE,
  WITH_VMCORE,
} from '../../support/captures.ts';
import { runCli, runJson } from '../../support/run-cli.ts';
import { expectInterruptEntries, expectTruth, type Truth } from '../../support/truth.ts';

describe.each(CAPTURES)('table snapshots of %s', (name) => {
  test.each(['before', 'crash'])('%s', async (moment) => {
    const source = [
      capturePath(name, `tables.${moment}.elf`),
      '--registers',
      capturePath(name, `regs.${moment}.json`),
    ];
    const truth = captureJson<Truth>(name, `truth.${moment}.json`);
    const { json, code } = await runJson<never>(['tables', ...source, '--leaves']);
    expectTruth(json, truth);
    expect(code).toBe(truth.missingPages.length > 0 ? 4 : 0);
    const irq = await runJson<never>(['irq', ...source]);
    expectInterruptEntries(irq.json, truth);
  });
});

describe.each(WITH_VMCORE)('the vmcore of %s', (name) => {
  const vmcore = expandedPaths(name, 'vmcore');
  test.skipIf(!vmcore)(`answers as its truth file says (${MISSING_CAPTURE})`, async () => {
    const truth = captureJson<Truth>(name, 'truth.vmcore.json');
    const { json, code } = await runJson<never>(['tables', ...vmcore!, '--leaves']);
    expectTruth(json, truth, { fromKernel: true });
    expect(code).toBe(truth.missingPages.length > 0 ? 4 : 0);
    expectInterruptEntries((await runJson<never>(['irq', ...vmcore!])).json, truth);
  });

  test.skipIf(!vmcore)('its leaf lists are those of the hashes', async () => {
    const { json } = await runJson<{ units: { devices: Record<string, unknown>[] }[] }>([
      'tables',
      ...vmcore!,
      '--leaves',
    ]);
    const { createHash } = await import('node:crypto');
    for (const device of json.units[0].devices.filter((each) => Number(each['leaves']) > 0)) {
      const pasid =
        device['pasid'] === undefined ? [] : ['--pasid', String(device['pasid'] as number)];
      const { out } = await runCli([
        'mappings',
        ...vmcore!,
        '--device',
        String(device['bdf']),
        ...pasid,
        '--plain',
      ]);
      expect(createHash('sha256').update(out).digest('hex')).toBe(device['leafHash']);
    }
  });

  for (const format of FORMATS) {
    const paths = expandedPaths(name, format);
    test.skipIf(!paths)(`${format} of the same memory gives the same answer`, async () => {
      const truth = captureJson<Truth>(name, 'truth.vmcore.json');
      const { json } = await runJson<never>([
        'tables',
        ...paths!,
        '--leaves',
        ...(format === 'raw' ? ['--as', 'raw'] : []),
      ]);
      expectTruth(json, truth, { fromKernel: true, holesAreZero: format === 'raw' });
    });
  }
});
