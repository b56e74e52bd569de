import { listDocument, runDocument, storyDocument } from '../../../core/handoff/json.ts';
import { SCENARIOS, STRATEGIES } from '../../../core/handoff/registry.ts';
import { DEFAULT_SEED, runStory } from '../../../core/handoff/run.ts';
import { listText, storyText } from '../../../core/handoff/text.ts';
import { EXIT, type Command } from '../command.ts';
import { text, usage, wholeNumber } from '../sources.ts';

export const command: Command = {
  summary: 'the hand-off lab: what each strategy does, on a simulated machine',
  usage: 'handoff list | handoff run SCENARIO [--strategy ID] [--seed N]',
  options: {
    json: { type: 'boolean' },
    ndjson: { type: 'boolean' },
    strategy: { type: 'string' },
    seed: { type: 'string' },
    verbose: { type: 'boolean' },
  },
  help: {
    json: 'one JSON document',
    ndjson: 'one story a line',
    strategy: 'ID: only this strategy; all of them otherwise',
    seed: `N: the same seed gives the same run (${DEFAULT_SEED})`,
    verbose: 'every event of the machine, step by step',
  },
  async run({ args, options, io }) {
    const [what, scenario, ...rest] = args;
    if (what === 'list' && scenario === undefined) {
      io.out(options['json'] ? `${JSON.stringify(listDocument(), null, 1)}\n` : listText());
      return EXIT.answered;
    }
    if (what !== 'run' || scenario === undefined || rest.length > 0)
      throw usage(
        'handoff takes `list`, or `run` and a scenario.',
        `Scenarios: ${SCENARIOS.map((each) => each.id).join(', ')}.`,
      );
    const strategy = text(options, 'strategy');
    const seed = wholeNumber(options, 'seed') ?? DEFAULT_SEED;
    const ids = strategy === undefined ? STRATEGIES.map((each) => each.id) : [strategy];
    const stories = ids.map((id) => runStory(scenario, id, seed));
    if (options['json']) io.out(`${JSON.stringify(runDocument(stories), null, 1)}\n`);
    else if (options['ndjson'])
      io.out(stories.map((story) => `${JSON.stringify(storyDocument(story))}\n`).join(''));
    else io.out(stories.map((story) => storyText(story, options['verbose'] === true)).join('\n'));
    return EXIT.answered;
  },
};
