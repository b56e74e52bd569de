import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { captureJson, capturePath } from '../../support/captures.ts';

/** The registers of the bundled sample, which is a vmcore with its console log. */
describe('registers of a dump', () => {
  let engine: Engine;
  let client: EngineClient;
  beforeAll(async () => {
    ({ engine, client } = directEngine());
    await client.call('session.openSample', { replay: 'end' });
    for await (const { all } of client.subscribe('faults.changes', {})) if (all === 3) break;
  });
  afterAll(() => engine.dispose());

  test('come from the kernel and from the console log, and say so', async () => {
    const { registers, note } = await client.call('registers.get', { unit: 'dmar0' });
    expect(note).toBe(
      "Registers aren't memory: this dump doesn't hold them. Values below are the kernel's own copies, or come from the console log.",
    );
    const of = (name: string) => registers.find((register) => register.name === name);
    // "dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c22260206 ecap f00f4a", says the log.
    expect(of('VER')).toMatchObject({ value: '0x10', source: 'console log' });
    expect(of('CAP')).toMatchObject({ value: '0xd2008c22260206', source: 'kernel copy' });
    expect(of('GSTS')?.value).toBeUndefined();
  });

  test('are marked by how they can be accessed', async () => {
    const { registers } = await client.call('registers.get', { unit: 'dmar0' });
    const access = (name: string) => registers.find((register) => register.name === name)?.access;
    expect(access('CAP')).toEqual(['RO']);
    expect(access('RTADDR')).toEqual(['RW']);
    expect(access('FSTS')).toEqual(expect.arrayContaining(['RW1C', 'RO']));
  });

  test('of a simulated unit keep what they were until they change again', async () => {
    await client.call('machine.add', {});
    const read = async (name: string) => {
      const { registers } = await client.call('registers.get', { unit: 'sim0' });
      return registers.find((register) => register.name === name)!;
    };
    const before = await read('RTADDR');
    expect(before.was).toBeUndefined();
    const write = { unit: 'sim0', offset: before.offset, width: 64, value: '0x7000' } as const;
    await client.call('registers.write', write);
    expect(await read('RTADDR')).toMatchObject({ value: '0x7000', was: before.value });
    // Reading again what has not changed is no other reading.
    expect(await read('RTADDR')).toMatchObject({ value: '0x7000', was: before.value });
    await client.call('registers.write', { ...write, value: '0x8000' });
    expect(await read('RTADDR')).toMatchObject({ value: '0x8000', was: '0x7000' });
  });
});

describe('registers beside those of another state', () => {
  let engine: Engine;
  let client: EngineClient;
  let state: string;
  const files = (moment: string) =>
    [`tables.${moment}.elf`, `regs.${moment}.json`].map((name) => capturePath('intel-6.1', name));
  const truth = (moment: string) => {
    const { units } = captureJson<{ units: { registers: Record<string, string> }[] }>(
      'intel-6.1',
      `regs.${moment}.json`,
    );
    return (offset: string): bigint => BigInt(units[0].registers[offset] ?? 0);
  };
  beforeAll(async () => {
    ({ engine, client } = directEngine());
    await client.call('session.open', { paths: files('before'), add: false });
    ({ state } = await client.call('states.open', { paths: files('crash') }));
  });
  afterAll(() => engine.dispose());

  test('have what the other state reads, the same or not', async () => {
    const { registers, beside } = await client.call('registers.get', {
      unit: 'dmar0',
      against: state,
    });
    expect(beside).toMatchObject({ state });
    expect(beside?.note).toBeUndefined();
    const of = (name: string) => registers.find((register) => register.name === name)!;
    const word = (moment: string): bigint =>
      truth(moment)('0x020') | (truth(moment)('0x024') << 32n);
    expect(word('before')).not.toBe(word('crash'));
    expect(BigInt(of('RTADDR').value!)).toBe(word('before'));
    expect(BigInt(of('RTADDR').was!)).toBe(word('crash'));
    expect(of('RTADDR').fields.some(({ was }) => was !== undefined)).toBe(true);
    expect(of('VER').was).toBe(of('VER').value);
    expect(of('VER').fields.every(({ was }) => was === undefined)).toBe(true);
  });

  test('are as they were without it', async () => {
    const { registers, beside } = await client.call('registers.get', { unit: 'dmar0' });
    expect(beside).toBeUndefined();
    expect(registers.every(({ was }) => was === undefined)).toBe(true);
  });

  test('of a state that is not open are refused', async () => {
    const asked = client.call('registers.get', { unit: 'dmar0', against: 'second7' });
    await expect(asked).rejects.toMatchObject({ kind: 'usage' });
  });
});
