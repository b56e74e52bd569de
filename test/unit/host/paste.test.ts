import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import { bytesSource } from '../../../core/memory/platform.ts';
import { openInvestigation } from '../../../core/session/open-investigation.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { nodePlatform } from '../../../electron/host/platform.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { captureBytes } from '../../support/captures.ts';
import { dmarTranslation, domainTranslation } from '../../support/debugfs-text.ts';

const state = mkdtempSync(join(tmpdir(), 'faultline-paste-'));
let engine: Engine;
let client: EngineClient;
const bugs: unknown[] = [];

const real = openInvestigation(
  ['tables.before.elf', 'regs.before.json'].map((file) =>
    bytesSource(file, captureBytes('intel-6.1', file)),
  ),
  { platform: nodePlatform },
);
const [unit] = real.units();

beforeAll(() => {
  ({ engine, client } = directEngine({
    folder: SessionFolder.create(state),
    onBug: (error) => bugs.push(error),
  }));
});

afterAll(async () => {
  await engine.dispose();
  rmSync(state, { recursive: true });
});

describe('pasted text opens as what it is', () => {
  test('debugfs: its unit, its devices, and what it is in the source chip', async () => {
    const text = `${dmarTranslation(unit, real.memory!)}\n${domainTranslation(unit, real.memory!)}`;
    const info = await client.call('session.openText', { name: 'paste', text, add: false });
    expect(info.units.map(({ name }) => name)).toEqual(['dmar0']);
    expect(info.sources[0]).toMatchObject({ kind: 'other', state: 'ready' });
    expect(info.sources[0].detail).toMatch(/^debugfs: dmar_translation_struct \(\d+ entries\)/);
    const { groups } = await client.call('inspect', {});
    expect(groups.map(({ title }) => title)).toEqual(
      expect.arrayContaining(['Sources', 'IOMMU units']),
    );
  });

  test('a hex dump is memory and not register values', async () => {
    const text = `${Array.from(
      { length: 256 },
      (_, at) => `${(0x5000 + at * 16).toString(16)}: 0x0000000000000001 0x0000000000000002`,
    ).join('\n')}\n`;
    const info = await client.call('session.openText', { name: 'pages', text, add: false });
    expect(info.sources[0]).toMatchObject({
      kind: 'other',
      detail: 'hex dump, 1 whole page of memory',
    });
  });

  test('lspci beside it names drivers', async () => {
    const device = unit.devices().devices[0].bdf;
    await client.call('session.openText', {
      name: 'tables',
      text: dmarTranslation(unit, real.memory!),
      add: false,
    });
    const info = await client.call('session.openText', {
      name: 'lspci',
      text: `${device} Ethernet controller [0200]: Intel Corporation [8086:10d3]\n\tKernel driver in use: e1000e\n`,
      add: true,
    });
    expect(info.sources.map(({ detail }) => detail)).toContain('lspci, 1 device');
  });

  test('nothing went wrong behind the answers', () => {
    expect(bugs).toEqual([]);
  });
});
