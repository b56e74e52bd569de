import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import type { SessionInfo } from '../../../core/protocol/contract.ts';
import { linuxPorts, listPorts } from '../../../electron/host/console/ports.ts';
import { settingsText } from '../../../electron/host/console/serial.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { cable, SOCAT } from '../../support/cable.ts';
import { captureBytes } from '../../support/captures.ts';

const PORT = { baud: 115_200, dataBits: 8, parity: 'none', stopBits: 1 } as const;

describe.skipIf(!SOCAT)('a serial port', () => {
  const state = mkdtempSync(join(tmpdir(), 'faultline-pty-'));
  let engine: Engine;
  let client: EngineClient;
  let child: ChildProcess;
  let target: string;
  let here: string;
  let fd: number;

  async function until(wanted: (info: SessionInfo) => boolean): Promise<SessionInfo> {
    for await (const info of client.subscribe('session.changes', {})) if (wanted(info)) return info;
    throw new Error('the feed ended');
  }

  beforeAll(async () => {
    ({ child, target, here } = await cable());
    fd = openSync(target, 'r+');
    ({ engine, client } = directEngine({ folder: SessionFolder.create(state) }));
  });
  afterAll(async () => {
    await engine.dispose();
    closeSync(fd);
    child.kill();
    await once(child, 'exit');
    rmSync(state, { recursive: true });
  });

  test('what arrives on it reaches the fault list, byte for byte, as a replay would', async () => {
    const { console: id } = await client.call('console.connect', {
      kind: 'serial',
      path: here,
      ...PORT,
      typing: true,
    });
    const bytes = captureBytes('intel-6.1', 'console.log');
    // A pty holds 4 KiB: each piece is written when the one before it has been read.
    let written = writeSync(fd, bytes, 0, 1024);
    let got = '';
    for await (const chunk of client.subscribe('console.data', { console: id, from: 0 })) {
      got += chunk.data;
      if (got.length < written) continue;
      if (written === bytes.length) break;
      written += writeSync(fd, bytes, written, Math.min(1024, bytes.length - written));
    }
    expect(Buffer.from(got, 'latin1').equals(bytes)).toBe(true);
    const info = await until((each) => each.consoles[0].bytes === bytes.length);
    expect(info.consoles[0]).toMatchObject({ state: 'live', canWrite: true, kind: 'serial' });
    await until((each) => each.counts.faults === 3);
    const { rows } = await client.call('faults.rows', {
      filter: '',
      group: 'none',
      folded: [],
      sort: 'order',
      from: 0,
      to: 10,
    });
    expect(rows.map((row) => row.kind === 'fault' && row.fault.address)).toEqual([
      '0x1f00000',
      '0xdead000',
      '0xdeaf000',
    ]);
  });

  test('typing reaches the target', async () => {
    const [{ id }] = (await client.call('session.get', {})).consoles;
    await client.call('console.write', { console: id, data: 'reboot -f\r\u00ff' });
    const into = Buffer.alloc(64);
    let read = 0;
    while (read < 11) read += readSync(fd, into, read, 64 - read, null);
    expect(into.subarray(0, read).toString('latin1')).toBe('reboot -f\r\u00ff');
  });

  test('a console without typing allowed is read-only', async () => {
    const [{ id }] = (await client.call('session.get', {})).consoles;
    await client.call('console.disconnect', { console: id });
    const { console: again } = await client.call('console.connect', {
      kind: 'serial',
      path: here,
      ...PORT,
      typing: false,
    });
    await expect(client.call('console.write', { console: again, data: 'x' })).rejects.toMatchObject(
      { kind: 'usage' },
    );
    await client.call('session.close', { source: again });
  });

  test('a port that is not there is refused in words', async () => {
    await expect(
      client.call('console.connect', {
        kind: 'serial',
        path: '/dev/ttyNOTHING',
        ...PORT,
        typing: false,
      }),
    ).rejects.toMatchObject({
      kind: 'system',
      message: "Couldn't open /dev/ttyNOTHING: there is no such port.",
    });
    const ids = (await client.call('session.get', {})).consoles.map(({ name }) => name);
    expect(ids).not.toContain('ttyNOTHING');
  });
});

describe('the list of ports', () => {
  test('is answered on this machine, whatever programs it has', async () => {
    const { ports, note } = await listPorts();
    if (ports.length === 0) expect(note).toBeDefined();
    for (const { path } of ports) expect(path).toMatch(/^(\/dev\/|COM)/);
  });

  test('says why it is empty where the kernel tells nothing', () => {
    expect(linuxPorts('/nowhere')).toEqual({
      ports: [],
      note: "/nowhere is not there: ports can't be listed",
    });
  });

  test.each([
    [{ path: 'x', baud: 115_200, dataBits: 8, parity: 'none', stopBits: 1 }, '115200 8n1'],
    [{ path: 'x', baud: 9600, dataBits: 7, parity: 'even', stopBits: 2 }, '9600 7e2'],
  ] as const)('settings are written as everybody does', (settings, text) => {
    expect(settingsText(settings)).toBe(text);
  });
});
