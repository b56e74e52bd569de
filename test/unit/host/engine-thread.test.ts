import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import type { SessionInfo } from '../../../core/protocol/contract.ts';
import { EngineProcess } from '../../../electron/host/engine-process.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { cable, SOCAT } from '../../support/cable.ts';
import { capturePath } from '../../support/captures.ts';

/** Megabytes of heap: enough for the capture, far too few for the faults of the log below. */
const HEAP = '48';
const FAULTS = 400_000;

/** A log with so many different faults that no small heap holds them. */
function bigLog(path: string): string {
  const lines = Array.from({ length: FAULTS }, (_, n) => {
    const bus = (n % 200).toString(16).padStart(2, '0');
    const at = (0x1000_0000 + n * 4096).toString(16);
    return `[    ${(n / 1000).toFixed(6)}] DMAR: [DMA Write NO_PASID] Request device [${bus}:00.0] fault addr 0x${at} [fault reason 0x05] PTE Write access is not set\n`;
  });
  writeFileSync(path, lines.join(''));
  return path;
}

describe.skipIf(!SOCAT)('an engine that runs out of memory', () => {
  const state = mkdtempSync(join(tmpdir(), 'faultline-thread-'));
  let engine: EngineProcess;
  let child: ChildProcess;
  let fd: number;
  let here: string;

  beforeAll(async () => {
    process.env['FAULTLINE_ENGINE_HEAP_MB'] = HEAP;
    engine = new EngineProcess({
      session: SessionFolder.create(state).path,
      say: () => {},
      gaveUp: () => {},
    });
    delete process.env['FAULTLINE_ENGINE_HEAP_MB'];
    await engine.ready();
    const made = await cable();
    ({ child, here } = made);
    fd = openSync(made.target, 'r+');
  });
  afterAll(async () => {
    await engine.stop();
    closeSync(fd);
    child.kill();
    await once(child, 'exit');
    rmSync(state, { recursive: true });
  });

  async function until(
    client: EngineClient,
    wanted: (info: SessionInfo) => boolean,
  ): Promise<SessionInfo> {
    for await (const info of client.subscribe('session.changes', {})) if (wanted(info)) return info;
    throw new Error('the feed ended');
  }

  test('costs its views a reconnection; the process, the port and the session stay', async () => {
    const client = engine.client();
    const { pid } = engine;
    await client.call('session.open', {
      paths: [
        capturePath('intel-6.1', 'tables.before.elf'),
        capturePath('intel-6.1', 'regs.before.json'),
      ],
      add: false,
    });
    const { console: id } = await client.call('console.connect', {
      kind: 'serial',
      path: here,
      baud: 115_200,
      dataBits: 8,
      parity: 'none',
      stopBits: 1,
      typing: false,
    });
    writeSync(fd, 'before the engine ended\n');
    await until(client, (info) => info.consoles.some((each) => each.bytes === 24));

    const closed = new Promise<string>((resolve) => client.onClose(resolve));
    await client
      .call('session.open', { paths: [bigLog(join(state, 'big.log'))], add: true })
      .catch(() => {});
    expect(await closed).toMatch(/The engine ended \(.*memory.*\) and was started again/);
    writeSync(fd, 'while there was none\n');

    const again = engine.client();
    const info = await until(
      again,
      ({ consoles }) => consoles.find((each) => each.id === id)?.bytes === 45,
    );
    expect(engine.pid).toBe(pid);
    expect(info.units.map(({ name }) => name)).toEqual(['dmar0']);
    expect(info.consoles.find((each) => each.id === id)).toMatchObject({
      state: 'live',
      status: 'connected',
    });
    expect(info.sources.filter(({ state: each }) => each === 'failed')).toMatchObject([
      {
        name: 'big.log',
        detail: 'the engine ended with it open, and was started again without it',
      },
    ]);
    expect(readFileSync(join(engine.session!, 'consoles', `${id}.raw`), 'latin1')).toBe(
      'before the engine ended\nwhile there was none\n',
    );
    again.close();
  });
});
