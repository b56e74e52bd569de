import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';

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
