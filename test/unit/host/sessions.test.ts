import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import type { SessionInfo } from '../../../core/protocol/contract.ts';
import {
  EMPTY_SESSION,
  sessionText,
  type SessionFile,
} from '../../../core/session/session-file.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { EngineProcess } from '../../../electron/host/engine-process.ts';
import { SESSION_FILE, SessionFolder } from '../../../electron/host/session-folder.ts';
import { pruneSessions } from '../../../electron/host/sessions.ts';
import { capturePath } from '../../support/captures.ts';

const TABLES = capturePath('intel-6.1', 'tables.before.elf');
const REGISTERS = capturePath('intel-6.1', 'regs.before.json');
const LOG = capturePath('intel-6.1', 'console.log');
const CONTEXT = 'dmar0/00:06.0/context';

const state = mkdtempSync(join(tmpdir(), 'faultline-sessions-'));
const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.dispose();
});
afterAll(() => rmSync(state, { recursive: true }));

interface Made {
  readonly engine: Engine;
  readonly client: EngineClient;
}

function begin(folder = SessionFolder.create(state)): Made {
  const made = directEngine({ folder });
  engines.push(made.engine);
  return made;
}

/** An engine that takes up what the one before left, as after a crash: nothing is told to that one. */
async function again(before: Made): Promise<Made> {
  const made = begin(SessionFolder.open(before.engine.bench.folder.path));
  await made.engine.restore();
  return made;
}

async function logsRead(client: EngineClient): Promise<SessionInfo> {
  for await (const info of client.subscribe('session.changes', {}))
    if (info.consoles.every((console) => console.state === 'ended')) return info;
  throw new Error('the feed ended');
}

/** A session with everything in it that a person makes. */
async function fill({ client }: Made, paths = [TABLES, REGISTERS, LOG]): Promise<void> {
  await client.call('session.open', { paths, add: false });
  await logsRead(client);
  await client.call('entry.poke', { path: CONTEXT, field: 'P', value: '0x0' });
  await client.call('machine.add', {});
  await client.call('registers.write', {
    unit: 'sim0',
    offset: '0x38',
    width: 32,
    value: '0x80000000',
  });
  await client.call('entry.poke', { path: 'sim0/00:03.0/context', field: 'P', value: '0x0' });
  await client.call('machine.dma', {
    unit: 'sim0',
    bdf: '00:03.0',
    address: '0xffff0000',
    length: 64,
    access: 'read',
  });
  await client.call('entry.poke', { path: CONTEXT, field: 'DID', value: '0x7' });
  await client.call('changes.undo', {});
  await client.call('notes.add', {
    pin: { kind: 'entry', path: CONTEXT },
    text: 'never **mapped**',
  });
  await client.call('notes.add', { pin: { kind: 'fault', line: 512 }, text: '<b>first</b>' });
  await client.call('view.save', { state: '{"zoom":125}' });
}

/** What a person would miss. */
async function seen(client: EngineClient) {
  const info = await logsRead(client);
  const sim = await client.call('registers.get', { unit: 'sim0' });
  return {
    title: info.title,
    sources: info.sources,
    units: info.units,
    counts: [info.counts.faults, info.counts.changes, info.counts.notes],
    canUndo: info.canUndo,
    canRedo: info.canRedo,
    problems: info.problems,
    entry: (await client.call('entry.get', { path: CONTEXT })).words,
    changes: (await client.call('changes.list', {})).changes.map(({ id: _id, ...rest }) => rest),
    registers: sim.registers.map(({ name, value }) => [name, value]),
    notes: await client.call('notes.list', {}),
    view: await client.call('view.load', {}),
  };
}

describe('a session', () => {
  test('comes back whole: sources, changes, machines with their registers, notes, the window', async () => {
    const first = begin();
    await fill(first);
    const before = await seen(first.client);
    expect(before.changes).toHaveLength(2);
    // The DMA was refused since its context entry was changed: the machine recorded a fault.
    expect(Object.fromEntries(before.registers)).toMatchObject({ FSTS: '0x2' });
    first.engine.bench.folder.flush();
    const second = await again(first);
    expect(await seen(second.client)).toEqual(before);

    await second.client.call('changes.redo', {});
    const { fields } = await second.client.call('entry.get', { path: CONTEXT });
    expect(fields.find(({ name }) => name === 'DID')?.value).toBe('0x7');
  });

  test('another opening leaves it on disk, and it is taken up from the list', async () => {
    const { client, engine } = begin();
    await fill({ client, engine });
    const before = await seen(client);
    const first = engine.bench.folder.path;

    await client.call('session.open', { paths: [LOG], add: false });
    const other = await logsRead(client);
    expect(other.units).toEqual([]);
    expect(other.counts).toMatchObject({ changes: 0, notes: 0 });
    expect(engine.bench.folder.path).not.toBe(first);

    const { sessions } = await client.call('sessions.list', {});
    const listed = sessions.find(({ path }) => path === join(first, SESSION_FILE));
    expect(listed).toMatchObject({ title: 'tables.before.elf', faults: 3, notes: 2, missing: [] });
    await client.call('session.open', { paths: [listed!.path], add: false });
    expect(await seen(client)).toEqual(before);
  });

  test('a copy holds what nobody else keeps, and opens in another place', async () => {
    const { client } = begin();
    await client.call('session.openText', {
      name: 'pasted.log',
      text: readFileSync(LOG, 'latin1'),
      add: false,
    });
    await logsRead(client);
    await client.call('notes.add', { pin: { kind: 'fault', line: 512 }, text: 'kept' });
    const { name, text, left } = await client.call('session.copy', {});
    expect(left).toEqual([]);
    const path = join(state, name);
    writeFileSync(path, text);

    const other = begin(SessionFolder.create(join(state, 'elsewhere')));
    await other.client.call('session.open', { paths: [path], add: false });
    const info = await logsRead(other.client);
    expect(info.counts).toMatchObject({ faults: 3, notes: 1 });
    const [note] = (await other.client.call('notes.list', {})).notes;
    expect(note).toMatchObject({ label: '#1 00:06.0 read 0x1f00000', target: '#1', text: 'kept' });
  });

  test('a file that is gone is named, and found again; another file is refused', async () => {
    const place = join(state, 'moved');
    mkdirSync(place);
    const dump = join(place, 'a.elf');
    copyFileSync(TABLES, dump);
    const first = begin();
    await fill(first, [dump, REGISTERS, LOG]);
    const words = (await first.client.call('entry.get', { path: CONTEXT })).words;
    renameSync(dump, join(place, 'b.elf'));
    first.engine.bench.folder.flush();

    const { client, engine } = await again(first);
    const info = await logsRead(client);
    const gone = info.sources.find(({ missing }) => missing !== undefined)!;
    expect(gone).toMatchObject({
      state: 'failed',
      detail: `File not found: ${dump}`,
      missing: dump,
    });
    await expect(
      client.call('session.locate', { source: gone.id, path: LOG }),
    ).rejects.toMatchObject({ message: expect.stringContaining('is another file') as string });

    await client.call('session.locate', { source: gone.id, path: join(place, 'b.elf') });
    expect(
      (await client.call('session.get', {})).sources.every(({ missing }) => missing === undefined),
    ).toBe(true);
    expect((await client.call('entry.get', { path: CONTEXT })).words).toEqual(words);
    expect(engine.bench.folder.kept.changes.done).toHaveLength(2);
  });

  test('changes are not made where the memory is not what it was, and are not lost', async () => {
    const place = join(state, 'changed');
    mkdirSync(place);
    const dump = join(place, 'a.elf');
    copyFileSync(TABLES, dump);
    const first = begin();
    await fill(first, [dump, REGISTERS]);
    first.engine.bench.folder.flush();
    // Another capture of the same machine: its context entry has another content.
    const { address } = await first.client.call('entry.get', { path: CONTEXT });
    const bytes = readFileSync(dump);
    const kept = first.engine.bench.folder.kept.changes.done[0];
    const at = bytes.indexOf(Buffer.from(kept.before, 'hex'));
    expect(kept.address).toBe(address);
    bytes[at + 1] ^= 0x10;
    writeFileSync(dump, bytes);

    const { client, engine } = await again(first);
    const { problems, counts } = await client.call('session.get', {});
    expect(problems.join('\n')).toMatch(
      /a\.elf has changed since it was opened: its content differs/,
    );
    expect(problems.join('\n')).toMatch(/1 change could not be made again/);
    expect(counts.changes).toBe(1);
    expect(engine.bench.folder.kept.changes.done).toHaveLength(2);
    await client.call('notes.add', { text: 'later' });
    await client.call('changes.undo', {});
    expect(engine.bench.folder.kept.changes.done).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['damaged', '{"format": "faultline.session", "version": 2'],
    ['of a newer program', sessionText(EMPTY_SESSION).replace('"version": 2', '"version": 3')],
  ])('one that is %s is refused, and what is open stays', async (_what, text) => {
    const { client } = begin();
    await client.call('session.open', { paths: [LOG], add: false });
    const path = join(state, 'wrong.faultline');
    writeFileSync(path, text);
    await expect(client.call('session.open', { paths: [path], add: false })).rejects.toMatchObject({
      kind: 'unreadable',
    });
    expect((await client.call('session.get', {})).sources).toHaveLength(1);
  });

  test('an engine whose session is damaged begins another and leaves the file alone', async () => {
    const path = join(state, 'sessions', '20260101T000000-00000000');
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, SESSION_FILE), 'half of');
    const folder = SessionFolder.take(path);
    expect(dirname(folder.path)).toBe(dirname(path));
    expect(folder.path).not.toBe(path);
    const { client } = begin(folder);
    const { problems } = await client.call('session.get', {});
    expect(problems[0]).toMatch(/is damaged/);
    expect(readFileSync(join(path, SESSION_FILE), 'utf8')).toBe('half of');
  });
});

describe('killed with everything', () => {
  test('nothing is lost: another server takes the session up from the list', async () => {
    const folder = SessionFolder.create(join(state, 'killed'));
    const start = (session: string): EngineProcess =>
      new EngineProcess({ session, say: () => {}, gaveUp: () => {} });
    const first = start(folder.path);
    await first.ready();
    const client = first.client();
    await client.call('session.open', { paths: [TABLES, REGISTERS, LOG], add: false });
    await logsRead(client);
    await client.call('entry.poke', { path: CONTEXT, field: 'P', value: '0x0' });
    await client.call('machine.add', {});
    await client.call('notes.add', { pin: { kind: 'entry', path: CONTEXT }, text: 'why?' });
    // In the middle of the next thing.
    client.call('session.open', { paths: [LOG], add: true }).catch(() => {});
    const { pid } = first;
    const stopped = first.stop();
    process.kill(pid!, 'SIGKILL');
    await stopped;

    const second = start(SessionFolder.create(join(state, 'killed')).path);
    await second.ready();
    const next = second.client();
    const { sessions } = await next.call('sessions.list', {});
    expect(sessions).toMatchObject([
      { title: 'tables.before.elf', notes: 1, changes: 1, interrupted: true },
    ]);
    await next.call('session.open', { paths: [sessions[0].path], add: false });
    const info = await logsRead(next);
    expect(info.counts).toMatchObject({ changes: 1, notes: 1 });
    expect(info.units.map(({ name }) => name)).toEqual(['dmar0', 'sim0']);
    const { fields } = await next.call('entry.get', { path: CONTEXT });
    expect(fields.find(({ name }) => name === 'P')).toMatchObject({ value: '0x0', was: '0x1' });
    expect(second.session).toBe(dirname(sessions[0].path));
    await second.stop();
  });
});

describe('old sessions', () => {
  const DAY = 86_400_000;
  const now = Date.parse('2026-11-22T00:00:00Z');
  const root = join(state, 'old', 'sessions');

  function session(days: number, change: Partial<SessionFile> = {}, record = ''): string {
    const time = new Date(now - days * DAY);
    const stamp = time.toISOString().replace(/[-:]/g, '').replace(/\..*/, '');
    const path = join(root, `${stamp}-${String(Math.floor(days)).padStart(8, '0')}`);
    mkdirSync(join(path, 'consoles'), { recursive: true });
    writeFileSync(
      join(path, SESSION_FILE),
      sessionText({ ...EMPTY_SESSION, saved: time.toISOString(), ...change }),
    );
    if (record !== '') writeFileSync(join(path, 'consoles', 'console-1.raw'), record);
    utimesSync(path, time, time);
    return path;
  }

  test('beyond the newest 20, those older than 30 days go; recordings and open ones stay', () => {
    const full = { sources: [{ path: '/dump' }] };
    const serial = {
      consoles: [
        {
          id: 'console-1',
          name: 'ttyS0',
          kind: 'serial' as const,
          path: '/dev/ttyS0',
          settings: '',
        },
      ],
    };
    const young = Array.from({ length: 25 }, (_, index) => session(index + 1, full));
    const empty = session(2.5);
    const old = session(31, full);
    const recorded = session(40, serial, 'what the target said');
    const own = session(50, full);
    const damaged = session(60, full);
    writeFileSync(join(damaged, SESSION_FILE), '{');

    expect(pruneSessions(root, own, now)).toEqual([empty, old]);
    for (const path of [...young, recorded, own, damaged]) expect(existsSync(path)).toBe(true);
  });
});
