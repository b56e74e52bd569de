import { mkdtempSync, rmSync, truncateSync, writeFileSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import { EngineProcess } from '../../../electron/host/engine-process.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { captureBytes, capturePath } from '../../support/captures.ts';

/** A recording of the capture's console: the whole of it comes at once, then nothing for an hour. */
function recording(path: string): string {
  const text = captureBytes('intel-6.1', 'console.log').toString('latin1');
  writeFileSync(
    path,
    `{"version": 2, "width": 80, "height": 24}\n${JSON.stringify([0, 'o', text])}\n${JSON.stringify([3600, 'o', 'the end'])}\n`,
  );
  return path;
}

const state = mkdtempSync(join(tmpdir(), 'faultline-process-'));
afterAll(() => rmSync(state, { recursive: true }));

describe('the engine as a process', () => {
  let engine: EngineProcess;
  const said: string[] = [];

  beforeAll(async () => {
    engine = new EngineProcess({
      session: SessionFolder.create(state).path,
      say: (line) => said.push(line),
      gaveUp: (reason) => said.push(reason),
    });
    await engine.ready();
  });
  afterAll(() => engine.stop());

  /** Kills the engine as a hostile dump would, and waits for the next. */
  async function kill(client: EngineClient): Promise<string> {
    const closed = new Promise<string>((resolve) => client.onClose(resolve));
    process.kill(engine.pid!, 'SIGKILL');
    const reason = await closed;
    await engine.ready();
    return reason;
  }

  test('serves views, and takes up its session after it was killed', async () => {
    const client = engine.client();
    const cast = recording(join(state, 'console.cast'));
    await client.call('session.open', {
      paths: [
        capturePath('intel-6.1', 'tables.before.elf'),
        capturePath('intel-6.1', 'regs.before.json'),
      ],
      add: false,
    });
    await client.call('console.connect', { kind: 'replay', path: cast, speed: 1 });
    await client.call('view.save', { state: 'layout' });
    const before = await client.call('session.get', {});

    expect(await kill(client)).toMatch(/The engine ended \(SIGKILL\) and was started again/);
    expect(said.at(-1)).toMatch(/SIGKILL/);

    const again = engine.client();
    let after = await again.call('session.get', {});
    for await (const info of again.subscribe('session.changes', {})) {
      after = info;
      if (info.counts.faults === 3) break;
    }
    expect(after.title).toBe(before.title);
    expect(after.units).toEqual(before.units);
    expect(after.consoles[0]).toMatchObject({ id: before.consoles[0].id, kind: 'replay' });
    const bytes = captureBytes('intel-6.1', 'console.log');
    expect(after.consoles[0].bytes).toBe(bytes.length);
    expect((await again.call('view.load', {})).state).toBe('layout');
    again.close();
  });

  test('a file that ends it while it is read is not opened again by itself', async () => {
    const folder = SessionFolder.open(engine.session!);
    const hostile = join(state, 'hostile.vmcore');
    copyFileSync(capturePath('intel-6.1', 'tables.before.elf'), hostile);
    // As an engine leaves it that ends in the middle of reading.
    folder.keep({ reading: [hostile] });
    const reason = await kill(engine.client());
    expect(reason).toMatch(/started again/);
    const info = await engine.client().call('session.get', {});
    const blamed = info.sources.find(({ name }) => name === 'hostile.vmcore');
    expect(blamed).toMatchObject({ state: 'failed', blamed: hostile });
    expect(blamed?.detail).toMatch(/the engine ended with it open/);
  });
});

describe('what can not be read', () => {
  test.each<[string, () => string]>([
    [
      'a truncated dump',
      () => {
        const path = join(state, 'short.elf');
        writeFileSync(path, captureBytes('intel-6.1', 'tables.before.elf'));
        truncateSync(path, 3000);
        return path;
      },
    ],
    [
      'random bytes',
      () => {
        const path = join(state, 'random.bin');
        const bytes = Buffer.alloc(1 << 16);
        for (let i = 0, seed = 7; i < bytes.length; i++) {
          seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
          bytes[i] = seed >> 16;
        }
        writeFileSync(path, bytes);
        return path;
      },
    ],
    ['a folder', () => state],
    ['nothing', () => join(state, 'not there')],
  ])('%s ends as words or findings, and the engine goes on', async (_what, make) => {
    const engine = new EngineProcess({
      session: SessionFolder.create(state).path,
      say: () => {},
      gaveUp: () => {},
    });
    const client = engine.client();
    const pid = engine.pid;
    try {
      await client.call('session.open', { paths: [make()], add: false });
      const info = await client.call('session.get', {});
      expect(info.units).toEqual([]);
      await client.call('inspect', {});
    } catch (error) {
      expect(error).toMatchObject({ kind: expect.stringMatching(/unreadable|system/) as string });
      expect((error as Error & { advice: string }).advice).not.toBe('');
    }
    await client.call('session.get', {});
    expect(engine.pid).toBe(pid);
    await engine.stop();
  });
});
