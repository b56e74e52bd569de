import { Failure } from '../memory/failure.ts';
import type { Played, Scenario, Strategy } from './lab.ts';
import { SCENARIOS, STRATEGIES } from './registry.ts';
import type { Story } from './story.ts';

/** The seed of a story that names none. */
export const DEFAULT_SEED = 1;

/** @throws Failure when there is no scenario of that name. */
export function scenarioOf(id: string): Scenario {
  return find(SCENARIOS, id, 'scenario');
}

/** @throws Failure when there is no strategy of that name. */
function strategyOf(id: string): Strategy {
  return find(STRATEGIES, id, 'strategy');
}

/**
 * Plays a scenario under a strategy. The same names and seed always give the same story.
 * @param seed a whole number from 0 to 2^32 - 1
 * @throws Failure when the scenario or the strategy is not known, or the seed is none.
 */
export function runStory(scenario: string, strategy: string, seed = DEFAULT_SEED): Story {
  return playStory(scenario, strategy, seed).story;
}

/** The same with the machine that the story was played on. @throws Failure as `runStory` does */
export function playStory(scenario: string, strategy: string, seed: number): Played {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
    throw new Failure(
      'usage',
      `${seed} is not a seed.`,
      'A seed is a whole number from 0 to 4294967295.',
      'Leave it out to use the default.',
    );
  return scenarioOf(scenario).play(strategyOf(strategy), seed);
}

function find<Kind extends { readonly id: string }>(
  all: readonly Kind[],
  id: string,
  what: string,
): Kind {
  const found = all.find((each) => each.id === id);
  if (found) return found;
  throw new Failure(
    'usage',
    `There is no ${what} "${id}".`,
    `The lab knows ${all.map((each) => each.id).join(', ')}.`,
    'faultline handoff list describes them.',
  );
}
