import { explainFault } from '../../../core/explain/explain.ts';
import { knowledgeTexts, matchLog } from '../../../core/explain/knowledge.ts';
import { LogTexts } from '../../../core/explain/log-texts.ts';
import type { LogStory } from '../../../core/explain/story.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import { LogCollector, parseFaultLine } from '../../../core/log/parse.ts';
import { Failure } from '../../../core/memory/failure.ts';
import {
  explainContext,
  explanationGap,
  explanationJson,
} from '../../../core/session/explain-document.ts';
import type { Investigation } from '../../../core/session/investigation.ts';
import { knowledgeBase } from '../../host/knowledge.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command, type OptionValues } from '../command.ts';
import { printable, type Io } from '../io.ts';
import { eachLogBytes, readLogs } from '../logs.ts';
import { openSources, text, usage, wholeNumber } from '../sources.ts';
import { printExplanation } from './explain-print.ts';

/** Faults explained when nobody asks for one of them. */
const DEFAULT_LIMIT = 100;

export const command: Command = {
  summary: 'why a fault happened: the log joined with the tables',
  usage:
    'explain SOURCE... [--fault LINE|N], or explain [SOURCE...] "FAULT LINE", or - for standard input',
  options: { ...SOURCE_OPTIONS, fault: { type: 'string' } },
  help: {
    ...SOURCE_HELP,
    fault: 'N (from 1, as `faults` lists them), L512 (a console line), or a whole kernel line',
    limit: `N: at most N faults (${DEFAULT_LIMIT})`,
  },
  // oxlint-disable-next-line require-await -- the contract of commands
  async run({ args, options, io }) {
    const last = args.at(-1);
    const pasted = last === undefined ? undefined : parseFaultLine(last);
    const sources = pasted ? args.slice(0, -1) : args;
    const chosen = chooseFault(options, pasted);
    const alone = sources.length === 0 && options['registers'] === undefined;
    const investigation = alone ? undefined : openSources(sources, { args: sources, options, io });
    const logs = investigation && chosen.line === undefined ? storiesOf(investigation) : [];
    const faults = wanted(chosen, logs);
    const limit = wholeNumber(options, 'limit') ?? DEFAULT_LIMIT;
    const contexts = new Map<LogStory | undefined, ReturnType<typeof explainContext>>();
    const contextOf = (story: LogStory | undefined): ReturnType<typeof explainContext> => {
      const known = contexts.get(story);
      if (known) return known;
      const made = investigation
        ? explainContext(investigation, unitsWanted(investigation, options), {
            knowledge: knowledgeBase(),
            story,
          })
        : { units: [], tablesOf: undefined, driverOf: () => undefined, knowledge: knowledgeBase() };
      contexts.set(story, made);
      return made;
    };
    const explained = faults.slice(0, limit).map(({ fault, story }) => ({
      fault,
      explanation: explainFault(fault, contextOf(story)),
    }));
    const known = logs.flatMap(({ story }) => matchLog(knowledgeBase(), story));
    if (explained.length === 0 && known.length === 0) throw noFaults(logs.length);
    const gaps = explained.flatMap(({ explanation }) => explanationGap(explanation) ?? []);
    const incomplete = [...new Set(gaps)].map((gap) => ({ address: null, at: '', text: gap }));
    const segments = options['segments'] === true;
    const documents = explained.map(({ fault, explanation }) =>
      explanationJson(fault, explanation, segments),
    );
    const fromLog = known.map(({ entry: { id, text: what, source }, line }) => ({
      id,
      text: what,
      source,
      line,
    }));
    if (options['ndjson']) io.out(documents.map((each) => `${JSON.stringify(each)}\n`).join(''));
    else if (options['json'])
      io.out(
        `${JSON.stringify(
          {
            schema: 'faultline.explain/1',
            ...(chosen.one ? documents[0] : { explanations: documents }),
            log: fromLog,
            incomplete,
          },
          null,
          1,
        )}\n`,
      );
    else print(explained, fromLog, io);
    if (faults.length > limit)
      io.note(
        `faultline explain: ${faults.length - limit} faults more were left out by --limit ${limit}.`,
      );
    return incomplete.length > 0 ? EXIT.partial : EXIT.answered;
  },
};

interface Chosen {
  /** Only this one was asked for. */
  readonly one: boolean;
  /** A pasted line. */
  readonly line?: FaultRecord;
  /** From 1. */
  readonly number?: number;
  /** Of the console. */
  readonly consoleLine?: number;
}

function chooseFault(options: OptionValues, pasted: FaultRecord | undefined): Chosen {
  const asked = text(options, 'fault');
  if (asked === undefined) return pasted ? { one: true, line: pasted } : { one: false };
  const place = /^(L?)(\d{1,15})$/i.exec(asked.trim());
  if (place)
    return place[1]
      ? { one: true, consoleLine: Number(place[2]) }
      : { one: true, number: Number(place[2]) };
  const line = parseFaultLine(asked);
  if (!line)
    throw usage(
      'The text of --fault holds no fault that a kernel prints.',
      'Give its number from 1, L and its console line, or the whole line.',
    );
  return { one: true, line };
}

interface LogRead {
  readonly story: LogStory;
  readonly faults: readonly FaultRecord[];
}

/** Every console text of the case, with what the knowledge base looks for in it. */
function storiesOf(investigation: Investigation): LogRead[] {
  if (investigation.logs.length === 0 && !investigation.kernel()) return [];
  const collectors: LogCollector[] = [];
  readLogs(investigation, () => {
    const collector = new LogCollector();
    collectors.push(collector);
    return collector;
  });
  const texts = collectors.map(() => new LogTexts(knowledgeTexts(knowledgeBase())));
  eachLogBytes(investigation, (index, bytes) => texts[index]?.push(bytes));
  return collectors.map(({ kernels, phases, notes, faults }, index) => {
    texts[index].end();
    return { story: { kernels, phases, notes, texts: texts[index].found() }, faults };
  });
}

function wanted(
  chosen: Chosen,
  logs: readonly LogRead[],
): { readonly fault: FaultRecord; readonly story: LogStory | undefined }[] {
  if (chosen.line) return [{ fault: chosen.line, story: undefined }];
  const all = logs.flatMap(({ story, faults }) => faults.map((fault) => ({ fault, story })));
  if (!chosen.one) return all;
  const found =
    chosen.number === undefined
      ? all.filter(({ fault }) => fault.line === chosen.consoleLine)
      : all.slice(chosen.number - 1, chosen.number);
  if (found.length > 0 && chosen.number !== 0) return found.slice(0, 1);
  throw new Failure(
    'unreadable',
    chosen.number === undefined
      ? `No fault starts on line ${chosen.consoleLine}.`
      : `There is no fault number ${chosen.number}.`,
    `The log holds ${all.length} faults.`,
    '`faultline faults` lists them.',
  );
}

/** The case's units; none is no failure here, since a line alone has a meaning. */
function unitsWanted(
  investigation: Investigation,
  options: OptionValues,
): ReturnType<Investigation['units']> {
  const wantedUnit = text(options, 'unit');
  const units = investigation.units();
  return wantedUnit === undefined
    ? units
    : units.filter(({ facts }, index) => facts.name === wantedUnit || String(index) === wantedUnit);
}

function noFaults(logs: number): Failure {
  return new Failure(
    'unreadable',
    logs === 0 ? 'There is no console text in these sources.' : 'The log holds no fault.',
    'There is nothing to explain.',
    'Give the console log (- is standard input), or the fault as the kernel printed it with --fault "LINE".',
  );
}

function print(
  explained: readonly {
    readonly fault: FaultRecord;
    readonly explanation: ReturnType<typeof explainFault>;
  }[],
  fromLog: readonly { readonly line: number; readonly text: string; readonly source: string }[],
  io: Io,
): void {
  for (const { fault, explanation } of explained) printExplanation(fault, explanation, io);
  for (const { line, text: what, source } of fromLog)
    io.out(`Line ${line} of the log: ${printable(what)}\n  ${printable(source)}\n\n`);
}
