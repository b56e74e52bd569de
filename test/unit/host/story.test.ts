import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directEngine } from '../../../electron/host/engine.ts';

describe('what a story of the lab leaves behind, as a session (ui.md, section 8)', () => {
  const { engine, client } = directEngine();
  beforeAll(async () => {
    await client.call('session.openStory', {
      scenario: 'hpsa-stale-cache',
      strategy: 'copy-tables',
      seed: 1,
    });
    for await (const info of client.subscribe('session.changes', {}))
      if (info.counts.faults === 3 && info.consoles.every(({ state }) => state === 'ended')) break;
  });
  afterAll(() => engine.dispose());

  test('its fault is explained by its tables: the unit answered from its cache', async () => {
    const answer = await client.call('explain', { fault: 1 });
    expect(answer.fault).toMatchObject({ bdf: '02:00.0', address: '0xfffff000', reason: 6 });
    // Its console has stamps, as a kernel prints them: the fault stands on the second one's clock.
    expect(answer.fault.kernel).toBe(1);
    expect(answer.fault.time).toBeGreaterThan(1);
    expect(answer.verdict).toMatchObject({ id: 'stale-cache', title: 'Stale cached translation' });
    expect(answer.walk?.outcome.result).toBe('translated');
    expect(answer.fixes.length).toBeGreaterThan(0);
    // The lab shows how it came about.
    expect(answer.lab).toEqual({ scenario: 'hpsa-stale-cache', strategy: 'copy-tables' });
    // Each piece of evidence can be looked at.
    for (const { link } of answer.evidence) expect(link).toBeDefined();
  });

  test('the first kernel’s tables stand beside them, without that page', async () => {
    const { states } = await client.call('states.list', {});
    const first = states.find(({ kind }) => kind === 'second');
    expect(first).toBeDefined();
    const { walk } = await client.call('explain', { fault: 1 });
    const path = walk!.steps.at(-1)!.path!;
    const { tree } = await client.call('tree.open', { all: false });
    await client.call('tree.against', { tree, state: first!.id });
    const { index } = await client.call('tree.reveal', { tree, path });
    const { rows } = await client.call('tree.rows', { tree, from: index, to: index + 1 });
    expect(rows[0]).toMatchObject({ path });
    expect(JSON.stringify(rows[0])).toContain('not present');
  });
});
