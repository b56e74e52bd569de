/**
 * The documents of `faultline handoff list` and `handoff run` (schema `faultline.handoff/1`), and
 * a story in the shape of the app's contract.
 */
import { byteDigits, hex } from '../format/hex.ts';
import { formatBdf } from '../format/bdf.ts';
import { eventText } from '../machine/events.ts';
import type { MachineEvent } from '../machine/events.ts';
import { SCENARIOS, STRATEGIES } from './registry.ts';
import type { StateRow, Story } from './story.ts';

const SCHEMA = 'faultline.handoff/1';

/** A step as views get it: `handoff.run` of the contract. */
export interface StepItem {
  readonly n: number;
  readonly lane: string;
  readonly title: string;
  readonly text: string;
  readonly events: readonly { readonly n: number; readonly kind: string; readonly text: string }[];
  readonly consoleLines: number;
  readonly state: readonly StateRow[];
  readonly deciding: boolean;
}

/** A story as views get it: `handoff.run` of the contract. */
export interface StoryItem {
  readonly scenario: string;
  readonly strategy: string;
  readonly seed: number;
  readonly outcome: Story['outcome'];
  readonly verdict: string;
  /** How many faults the unit recorded. */
  readonly faults: number;
  readonly console: readonly string[];
  readonly steps: readonly StepItem[];
  readonly whatWouldChange: readonly string[];
}

/** A story in the shape of the contract. */
export function storyItem(story: Story): StoryItem {
  const { scenario, strategy, seed, outcome, verdict, console, whatWouldChange } = story;
  const steps = story.steps.map((step): StepItem => ({
    ...step,
    events: step.events.map((event) => ({
      n: event.n,
      kind: event.kind,
      text: eventText(event),
    })),
  }));
  const faults = story.faults.length;
  return { scenario, strategy, seed, outcome, verdict, faults, console, steps, whatWouldChange };
}

/** The scenarios and strategies: `handoff.list` of the contract. */
export function labItem(): {
  readonly scenarios: readonly LabEntry[];
  readonly strategies: readonly LabEntry[];
} {
  const entry = ({ id, title, text, source }: LabEntry): LabEntry => ({ id, title, text, source });
  return { scenarios: SCENARIOS.map(entry), strategies: STRATEGIES.map(entry) };
}

interface LabEntry {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly source: string;
}

/** The document of `handoff list --json`. */
export function listDocument(): object {
  const { scenarios, strategies } = labItem();
  return {
    schema: SCHEMA,
    scenarios,
    strategies: strategies.map((entry, index) => ({
      ...entry,
      preconditions: STRATEGIES[index].preconditions,
    })),
  };
}

/** The document of `handoff run --json`: one story for each strategy that was asked for. */
export function runDocument(stories: readonly Story[]): object {
  return { schema: SCHEMA, simulated: true, stories: stories.map(storyDocument) };
}

/** One story, addresses as text: a record of `handoff run --ndjson`. */
export function storyDocument(story: Story): object {
  return {
    scenario: story.scenario,
    strategy: story.strategy,
    seed: story.seed,
    outcome: story.outcome,
    verdict: story.verdict,
    faults: story.faults.map((fault) => ({
      ...fault,
      address: fault.address === undefined ? undefined : hex(fault.address),
    })),
    console: story.console,
    steps: story.steps.map((step) => ({ ...step, events: step.events.map(eventDocument) })),
    whatWouldChange: story.whatWouldChange,
  };
}

/** An event with its own fields: numbers that are addresses or words as hexadecimal text. */
function eventDocument(event: MachineEvent): object {
  const plain: Record<string, unknown> = { n: event.n, kind: event.kind, text: eventText(event) };
  for (const [key, value] of Object.entries(event)) {
    if (key in plain || value === undefined) continue;
    if (key === 'id') plain.bdf = formatBdf(Number(value));
    else if (typeof value === 'bigint') plain[key] = hex(value);
    else if (value instanceof Uint8Array) plain[key] = bytesText(value);
    else plain[key] = value;
  }
  return plain;
}

/** Bytes as hexadecimal text, the first of a long run only: enough to see what was stored. */
function bytesText(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, 64), byteDigits);
  return shown.join('') + (bytes.length > 64 ? '…' : '');
}
