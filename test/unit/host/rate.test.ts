import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { directEngine } from '../../../electron/host/engine.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';

const state = mkdtempSync(join(tmpdir(), 'faultline-rate-'));
afterAll(() => rmSync(state, { recursive: true }));

const line = (stamp: string): string =>
  `${stamp}DMAR: [DMA Read] Request device [02:00.0] fault addr fffff000 [fault reason 06] PTE Read access is not set\n`;

test('a fault whose line has no time stamp stands in no bin of the rate, and is told', async () => {
  const { engine, client } = directEngine({ folder: SessionFolder.create(state) });
  try {
    await client.call('session.openText', {
      name: 'log',
      text: line('[   13.500000] ') + line('') + line('[   14.500000] ') + line(''),
      add: false,
    });
    for await (const { counts, consoles } of client.subscribe('session.changes', {}))
      if (consoles[0]?.state === 'ended' && counts.faults === 4) break;
    const rate = await client.call('faults.rate', { filter: '', bins: 2 });
    expect(rate).toMatchObject({ start: 13.5, end: 14.5, untimed: 2, read: [1, 1] });
  } finally {
    await engine.dispose();
  }
});
