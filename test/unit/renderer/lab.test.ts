import { describe, expect, it } from 'vitest';
import type { HandoffStory } from '../../../core/protocol/contract.ts';
import type { EngineApi } from '../../../renderer/engine/api.ts';
import { storyForms, storyMarkdown } from '../../../renderer/panels/handoff/copy.ts';
import { LabModel } from '../../../renderer/panels/handoff/lab.ts';
import { changedRows, labWords } from '../../../renderer/panels/handoff/model.ts';

const STORY: HandoffStory = {
  scenario: 'hpsa-stale-cache',
  strategy: 'copy-tables',
  seed: 1,
  outcome: 'device lost',
  verdict: 'The unit used *its* cached entry.',
  faults: 1,
  console: ['DMAR: a line'],
  steps: [
    {
      n: 1,
      lane: 'device',
      title: 'The controller reads',
      text: 'text',
      events: [],
      consoleLines: 1,
      state: [],
      deciding: true,
    },
  ],
  whatWouldChange: ['A flush'],
};

/** An engine of which each run waits to be let go. */
function slowEngine(): {
  readonly engine: EngineApi;
  readonly asked: string[];
  readonly go: () => void;
} {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const engine = {
    call: (_name: string, { strategy }: { strategy: string }) => {
      asked.push(strategy);
      return new Promise((resolve) => waiting.push(() => resolve({ ...STORY, strategy })));
    },
  } as unknown as EngineApi;
  return { engine, asked, go: () => waiting.shift()?.() };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the hand-off lab', () => {
  it('stops with what was played, and continues with the rest', async () => {
    const { engine, asked, go } = slowEngine();
    const lab = new LabModel(engine);
    void lab.runAll(['a', 'b', 'c'], ['s']);
    go();
    await settled();
    expect(asked).toEqual(['a', 'b']);
    lab.stop();
    go();
    await settled();
    expect(lab.state.get().running).toBe(false);
    expect([...lab.state.get().cells.keys()]).toEqual(['a s']);
    void lab.runAll(['a', 'b', 'c'], ['s']);
    for (let n = 0; n < 2; n++) {
      go();
      await settled();
    }
    expect(asked).toEqual(['a', 'b', 'b', 'c']);
    expect(lab.state.get()).toMatchObject({ running: false });
    expect(lab.state.get().cells.size).toBe(3);
  });

  it('takes the command line’s seed, and no seed that is none', () => {
    const lab = new LabModel(slowEngine().engine);
    expect(lab.state.get().seed).toBe(1);
    for (const seed of [-1, 1.5, Number.NaN, 2 ** 32]) lab.setSeed(seed);
    expect(lab.state.get().seed).toBe(1);
    lab.setSeed(0x51d3);
    expect(lab.state.get().seed).toBe(0x51d3);
  });

  it('says how far it is', () => {
    expect(labWords(41, 64, false)).toBe('41 of 64 cells');
    expect(labWords(1041, 6400, true)).toBe('1,041 of 6,400 cells…');
  });

  it('marks what a step changed', () => {
    const row = (what: string, memory: string, cached: string) => ({
      what,
      memory,
      cached,
      differs: false,
    });
    const before = { state: [row('Domain', '7', '7'), row('Entry', '0x1', '0x1')] };
    const after = { state: [row('Domain', '10', '7'), row('Entry', '0x1', '0x1')] };
    expect([...changedRows(after, before)]).toEqual(['Domain']);
    expect([...changedRows(after, undefined)]).toEqual([]);
  });

  it('copies a run as a page for a bug report, and says that it was simulated', () => {
    const text = storyMarkdown(STORY);
    expect(text).toContain('device lost');
    expect(text).toContain('simulated, not measured, seed 1');
    expect(text).toContain('1. device: The controller reads (decides)');
    expect(text).toContain('\\*its\\*');
    expect(storyForms(STORY).map(({ title }) => title)).toEqual([
      'Run as Markdown',
      'Run as JSON',
      'Steps as CSV',
      'Console',
    ]);
  });
});
