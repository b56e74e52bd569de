import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RULES } from '../../../core/explain/audit/audit.ts';
import type { EngineClient } from '../../../core/protocol/client.ts';
import type { CallAnswer } from '../../../core/protocol/contract.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { CAPTURES, capturePath } from '../../support/captures.ts';
import { runJson } from '../../support/run-cli.ts';

/** The audit over the contract, on the tables of real boots (test/fixtures/captures). */
const bugs: unknown[] = [];
let engine: Engine;
let client: EngineClient;

const rule = (answer: CallAnswer<'audit.get'>, id: string) =>
  answer.rules.find((each) => each.id === id)!;

beforeAll(async () => {
  ({ engine, client } = directEngine({ onBug: (error) => bugs.push(error) }));
  await client.call('session.open', {
    paths: [
      capturePath('intel-6.1', 'tables.before.elf'),
      capturePath('intel-6.1', 'regs.before.json'),
    ],
    add: false,
  });
});

afterAll(() => engine.dispose());

describe('the audit', () => {
  test('answers every rule once, with why, section and outcome', async () => {
    const { name, rules } = await client.call('audit.get', {});
    expect(name).toBe('tables.before.elf');
    expect(rules.map(({ id }) => id)).toEqual(RULES.map(({ id }) => id));
    for (const { why, source, outcome, hits, skipped } of rules) {
      expect(why).not.toBe('');
      expect(source).not.toBe('');
      expect(hits.length > 0).toBe(outcome === 'found');
      expect(skipped !== undefined).toBe(outcome === 'skipped');
    }
  });

  test('a rule that lacks what it needs says what that is', async () => {
    const answer = await client.call('audit.get', {});
    // These tables come without a kernel: where its text stands, nobody can say.
    expect(rule(answer, 'kernel-text')).toMatchObject({
      outcome: 'skipped',
      skipped: expect.stringMatching(/^needs /) as string,
    });
  });

  test('finds what a person breaks, at the entry, and no longer once it is undone', async () => {
    const path = 'dmar0/00:06.0/context';
    expect(rule(await client.call('audit.get', {}), 'reserved-bits').outcome).toBe('passed');
    const { fields } = await client.call('entry.get', { path });
    const reserved = fields.find(({ kind }) => kind === 'reserved')!;
    await client.call('entry.poke', { path, field: reserved.name, value: '0x1' });
    const broken = rule(await client.call('audit.get', {}), 'reserved-bits');
    expect(broken).toMatchObject({ outcome: 'found', hits: [{ at: path }] });
    const [hit] = broken.hits;
    // Each hit leads to its entry.
    expect(await client.call('entry.get', { path: hit.at })).toMatchObject({ path });
    expect((await client.call('session.get', {})).counts.audit).toBeGreaterThan(0);
    // The capture as it was read is a state of its own, and sound.
    const original = await client.call('audit.get', { state: 'original' });
    expect(rule(original, 'reserved-bits').outcome).toBe('passed');
    await client.call('changes.undo', {});
    expect(rule(await client.call('audit.get', {}), 'reserved-bits').outcome).toBe('passed');
    await expect(client.call('audit.get', { state: 'original' })).rejects.toMatchObject({
      kind: 'usage',
    });
  });

  test('is made again by itself when something else is open', async () => {
    const counted = async (): Promise<number | undefined> =>
      (await client.call('session.get', {})).counts.audit;
    await client.call('audit.get', {});
    const before = await counted();
    expect(before).toBeGreaterThan(0);
    await client.call('machine.add', {});
    await expect.poll(counted).toBe(before);
    await client.call('session.close', { source: 'sim0' });
    await expect.poll(counted).toBe(before);
  });

  test('a simulated machine can be checked by itself', async () => {
    await client.call('machine.add', {});
    const answer = await client.call('audit.get', { state: 'sim0' });
    expect(answer.name).toBe('sim0');
    expect(rule(answer, 'reserved-bits').outcome).toBe('passed');
  });

  test('an audit that nobody waits for any more is left off', async () => {
    const abort = new AbortController();
    // Other tables: the answer of before does not fit them.
    await client.call('entry.poke', {
      path: 'dmar0/00:06.0/context',
      field: 'DID',
      value: '0x3',
    });
    const asked = client.call('audit.get', {}, { signal: abort.signal });
    abort.abort();
    await expect(asked).rejects.toMatchObject({ kind: 'cancelled' });
    expect((await client.call('audit.get', {})).rules).toHaveLength(RULES.length);
    expect(bugs).toEqual([]);
  });
});

describe.each(CAPTURES)('each hit in %s leads to a row of the tree', (capture) => {
  test.each(['before', 'crash'])('%s', async (moment) => {
    const made = directEngine({});
    const ask = made.client;
    await ask.call('session.open', {
      paths: [
        capturePath(capture, `tables.${moment}.elf`),
        capturePath(capture, `regs.${moment}.json`),
        capturePath(capture, 'console.log'),
      ],
      add: false,
    });
    const { rules } = await ask.call('audit.get', {});
    const { tree } = await ask.call('tree.open', { all: false });
    const hits = rules.flatMap((rule) => rule.hits);
    expect(hits.length).toBeGreaterThan(0);
    for (const { at } of hits)
      expect((await ask.call('tree.reveal', { tree, path: at })).index, at).toBeGreaterThan(-1);
    await made.engine.dispose();
  });
});

describe.each(CAPTURES)('%s with its log', (capture) => {
  test('is judged in the window as on the command line, who drives a device too', async () => {
    const tables = capturePath(capture, 'tables.crash.elf');
    const registers = capturePath(capture, 'regs.crash.json');
    const log = capturePath(capture, 'console.log');
    const made = directEngine({});
    const ask = made.client;
    await ask.call('session.open', { paths: [tables, registers, log], add: false });
    await expect
      .poll(async () => (await ask.call('session.get', {})).consoles[0].state, { timeout: 20_000 })
      .toBe('ended');
    const seen = await ask.call('audit.get', {});
    const told = await runJson<{ rules: CallAnswer<'audit.get'>['rules'] }>([
      'audit',
      tables,
      log,
      '--registers',
      registers,
    ]);
    const brief = (rules: CallAnswer<'audit.get'>['rules']) =>
      rules.map(({ id, outcome, hits, more }) => [
        id,
        outcome,
        hits.length + more,
        hits[0]?.text ?? '',
      ]);
    expect(brief(seen.rules)).toEqual(brief(told.json.rules));
    // The log has a crash kernel whose drivers speak: the rule is run without a kernel in the dump.
    expect(rule(seen, 'mapped-without-driver').outcome).not.toBe('skipped');
    await made.engine.dispose();
  });
});

test('what is found is looked for again after a change, without being asked', async () => {
  const made = directEngine({});
  const ask = made.client;
  await ask.call('session.open', {
    paths: [
      capturePath('amd-6.1', 'tables.before.elf'),
      capturePath('amd-6.1', 'regs.before.json'),
    ],
    add: false,
  });
  const counts = async () => (await ask.call('session.get', {})).counts;
  await expect.poll(async () => (await counts()).audit, { timeout: 20_000 }).toBe(0);
  const path = 'ivhd0/00:04.0/dte';
  const { fields } = await ask.call('entry.get', { path });
  const reserved = fields.find(({ kind }) => kind === 'reserved')!;
  await ask.call('entry.poke', { path, field: reserved.name, value: '0x1' });
  await expect.poll(async () => (await counts()).audit, { timeout: 20_000 }).toBeGreaterThan(0);
  expect((await counts()).findings).toBeGreaterThan(0);
  // The finding is counted by the rows above.
  const { tree } = await ask.call('tree.open', { all: false });
  const { rows } = await ask.call('tree.rows', { tree, from: 0, to: 1 });
  expect(rows[0].findings).toMatchObject({ count: (await counts()).findings });
  await ask.call('changes.undo', {});
  await expect
    .poll(async () => [(await counts()).audit, (await counts()).findings], { timeout: 20_000 })
    .toEqual([0, 0]);
  await made.engine.dispose();
});

test('without tables there is nothing to check', async () => {
  const empty = directEngine({});
  await expect(empty.client.call('audit.get', {})).rejects.toMatchObject({ kind: 'usage' });
  await empty.engine.dispose();
});
