import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { directEngine } from '../../../electron/host/engine.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { captureBytes } from '../../support/captures.ts';

const state = mkdtempSync(join(tmpdir(), 'faultline-packed-'));
afterAll(() => rmSync(state, { recursive: true }));

describe('a log that travelled packed', () => {
  test.each([
    ['zstd', zstdCompressSync],
    ['gzip', gzipSync],
  ])('by %s is read as the log that it holds', async (name, pack) => {
    const bytes = captureBytes('intel-6.1', 'console.log');
    const path = join(state, `console.log.${name}`);
    writeFileSync(path, pack(bytes));
    const { engine, client } = directEngine({ folder: SessionFolder.create(state) });
    try {
      await client.call('session.open', { paths: [path], add: false });
      for await (const info of client.subscribe('session.changes', {})) {
        const [console] = info.consoles;
        if (console?.state !== 'ended') continue;
        expect(console.bytes).toBe(bytes.length);
        expect(info.counts.faults).toBe(3);
        break;
      }
    } finally {
      await engine.dispose();
    }
  });
});
