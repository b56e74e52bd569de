import { describe, expect, test } from 'vitest';
import { labItem, listDocument, runDocument, storyItem } from '../../../core/handoff/json.ts';
import { SCENARIOS, STRATEGIES } from '../../../core/handoff/registry.ts';
import { runStory } from '../../../core/handoff/run.ts';
import { listText, storyText } from '../../../core/handoff/text.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { HandoffStory } from '../../../core/protocol/contract.ts';

const story = runStory('hpsa-stale-cache', 'copy-tables', 7);

/** A document as a reader of the JSON gets it; fails on what JSON can't hold. */
const written = (document: object): unknown => JSON.parse(JSON.stringify(document)) as unknown;

describe('documents of the hand-off lab', () => {
  test('the list names every scenario and strategy with its source', () => {
    const document = written(listDocument());
    expect(document).toMatchObject({
      schema: 'faultline.handoff/1',
      scenarios: SCENARIOS.map(({ id, title, text, source }) => ({ id, title, text, source })),
      strategies: STRATEGIES.map(({ id, preconditions }) => ({ id, preconditions })),
    });
    expect(Object.keys(document as object)[0]).toBe('schema');
  });

  test('a run says that it is simulated; addresses are text, counts are numbers', () => {
    const document = written(runDocument([story]));
    expect(document).toMatchObject({
      schema: 'faultline.handoff/1',
      simulated: true,
      stories: [
        {
          scenario: 'hpsa-stale-cache',
          strategy: 'copy-tables',
          seed: 7,
          outcome: 'device lost',
          console: story.console,
        },
      ],
    });
    const [run] = (document as { stories: { faults: object[] }[] }).stories;
    expect(run.faults).toHaveLength(story.faults.length);
    expect(run.faults[0]).toMatchObject({
      bdf: '02:00.0',
      access: 'read',
      address: '0xfffff000',
      reason: 6,
      status: 2,
    });
  });

  test('every event keeps its fields', () => {
    const [run] = (written(runDocument([story])) as { stories: { steps: object[] }[] }).stories;
    const deciding = run.steps.find((step) => (step as { deciding: boolean }).deciding);
    expect(deciding).toMatchObject({
      lane: 'iommu',
      events: [
        { kind: 'cache hit', cache: 'context cache', bdf: '02:00.0' },
        { kind: 'cache miss', cache: 'IOTLB', iova: '0xfffff000' },
        { kind: 'fault', bdf: '02:00.0', address: '0xfffff000', reason: 6, recorded: 'recorded' },
        { kind: 'interrupt', address: '0xfee01004', data: 33 },
        { kind: 'dma', length: 40, access: 'read' },
      ],
    });
  });

  test("a story fits the app's contract", () => {
    const item = storyItem(story);
    expect(HandoffStory.parse(item)).toEqual(item);
    expect(item.faults).toBe(story.faults.length);
    expect(item.steps.map((step) => step.n)).toEqual(item.steps.map((_step, index) => index + 1));
    expect(item.steps.at(-1)?.consoleLines).toBe(item.console.length);
  });

  test('texts for people say what is simulated, what decides and what would change it', () => {
    const text = storyText(story);
    expect(text).toContain('simulated, not measured');
    expect(text).toContain('(decides)');
    expect(text).toContain('outcome: device lost');
    expect(text).toContain('what would change the outcome');
    expect(text).not.toContain('context cache hit');
    expect(storyText(story, true)).toContain('context cache hit: 02:00.0');
    for (const { id } of [...labItem().scenarios, ...labItem().strategies])
      expect(listText()).toContain(id);
  });

  test.each([
    ['an unknown scenario', 'nothing', 'copy-tables', 1],
    ['an unknown strategy', 'hpsa-stale-cache', 'nothing', 1],
    ['a negative seed', 'hpsa-stale-cache', 'copy-tables', -1],
    ['half a seed', 'hpsa-stale-cache', 'copy-tables', 0.5],
    ['a seed beyond 32 bits', 'hpsa-stale-cache', 'copy-tables', 2 ** 32],
  ])('%s is wrong usage, with words', (_what, scenario, strategy, seed) => {
    const run = (): unknown => runStory(scenario, strategy, seed);
    expect(run).toThrow(Failure);
    expect(run).toThrow(expect.objectContaining({ kind: 'usage' }));
  });

  test('identifiers are unique', () => {
    for (const all of [SCENARIOS, STRATEGIES]) {
      const ids = all.map((each: { id: string }) => each.id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });
});
