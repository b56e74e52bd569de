import { parseBdf } from '../../../core/format/bdf.ts';
import { LogParser } from '../../../core/log/parser.ts';
import { walkOfFault } from '../../../core/explain/fault-walk.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import type { Unit, WalkRequest } from '../../../core/iommu/unit.ts';
import { Failure } from '../../../core/memory/failure.ts';
import type { CallHandlers, CallInput, CallOutput } from '../../../core/protocol/server.ts';
import { explainAnswer } from '../../../core/session/view-explain.ts';
import { accessKind } from '../../../core/session/view-fault.ts';
import { walkAnswer } from '../../../core/session/view-walk.ts';
import type { Workbench } from '../workbench.ts';

/** Faults and what explains them: the list, the rate, the walk, the verdict. */
export function faultCalls(bench: Workbench): CallHandlers {
  return {
    'faults.rows': (query) => {
      const answer = bench.faults.rows({
        ...query,
        to: Math.min(query.to, query.from + MAX_ROWS),
      });
      // Not all are judged yet: whoever looks, looks again.
      if (answer.looked !== undefined) bench.faultPulse.changed();
      return { ...answer, logLines: bench.hub.lines, lowerBounds: bench.hub.lowerBounds };
    },
    'faults.place': ({ query, of }) => ({ row: bench.faults.place(query, of) }),
    'faults.values': ({ field }) => bench.faults.values(field),
    'faults.rate': (request) => rate(bench, request),
    explain: ({ fault: n }) => {
      const fault = bench.faults.get(n);
      if (!fault)
        throw new Failure(
          'usage',
          `There is no fault #${n}.`,
          'The console that told it may have been closed or started again.',
          'Choose a fault of the list.',
        );
      return explainAnswer(fault, bench.explainer.explain(fault.record), {
        driver: fault.record.bdf === undefined ? undefined : bench.driver(fault.record.bdf),
        device: (unit, id, pasid) => bench.worlds.device(unit, id, pasid),
      });
    },
    'phases.list': () => {
      const phases = bench.hub.phases();
      return { phases: phases.slice(-MAX_PHASES), more: Math.max(0, phases.length - MAX_PHASES) };
    },
    walk: (request) => {
      const { unit, walk: asked, recorded } = whatToWalk(bench, request);
      const { request: walk, result } = recorded
        ? walkOfFault(unit, asked, recorded.reason)
        : { request: asked, result: unit.walk(asked) };
      const device = bench.worlds.device(unit, walk.id, walk.pasid);
      return {
        ...walkAnswer(unit, walk, result, device),
        standsForNone: walk.pasid === undefined ? asked.pasid : undefined,
      };
    },
  };
}

/** Phases of one answer: those of some hundred boots. */
const MAX_PHASES = 10_000;
/** Rows of one answer: some screens. */
const MAX_ROWS = 4096;

/** The unit and the request that a walk is asked for. @throws Failure when something is missing. */
function whatToWalk(
  bench: Workbench,
  request: CallInput<'walk'>,
): { readonly unit: Unit; readonly walk: WalkRequest; readonly recorded?: FaultRecord } {
  const told = request.text === undefined ? undefined : faultIn(request.text);
  const recorded =
    told ?? (request.fault === undefined ? undefined : bench.faults.get(request.fault)?.record);
  const bdf = request.bdf ?? told?.bdf;
  const address = request.address === undefined ? told?.address : BigInt(request.address);
  if (bdf === undefined || address === undefined)
    throw new Failure(
      'usage',
      request.text === undefined
        ? 'A walk needs a device and an address.'
        : 'No fault with a device and an address was found in this text.',
      'There is nothing to translate.',
      'Give a device such as 02:00.0 and an address, or paste a whole kernel line.',
    );
  const { id } = parseBdf(bdf)!;
  const unit =
    request.unit === undefined ? bench.worlds.serving(bdf) : bench.worlds.unit(request.unit).unit;
  if (!unit)
    throw new Failure(
      'unreadable',
      `No unit serves ${bdf} in what is open.`,
      'There are no tables to walk.',
      'Open a dump, or register values with the memory that they point to.',
    );
  const access = request.access ?? told?.access ?? 'read';
  const pasid = request.pasid ?? told?.pasid;
  return { unit, walk: { id, pasid, address, access }, recorded };
}

/** The first fault that a pasted text tells. */
function faultIn(text: string): FaultRecord | undefined {
  let found: FaultRecord | undefined;
  const parser = new LogParser({ onFault: (record) => (found ??= record) });
  parser.push(Buffer.from(`${text}\n`, 'utf8'));
  parser.end();
  return found;
}

/** Faults per bin over the logs' time. A fault whose line has no stamp stands in no bin. */
function rate(
  bench: Workbench,
  { filter, bins, range }: CallInput<'faults.rate'>,
): CallOutput<'faults.rate'> {
  const passing = bench.faults.passing(filter);
  const faults = passing.filter(({ record }) => record.time !== undefined);
  const times = new Float64Array(faults.length);
  let first = Infinity;
  let last = -Infinity;
  for (const [index, { console, record }] of faults.entries()) {
    const time = bench.hub.clocks.at(console, record.kernel, record.time);
    times[index] = time;
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  if (faults.length === 0) [first, last] = [0, 0];
  const start = range ? Math.min(range.from, range.to) : first;
  const end = range ? Math.max(range.from, range.to) : last;
  const empty = (): number[] => Array.from({ length: bins }, () => 0);
  const counts = { read: empty(), write: empty(), interrupt: empty() };
  const width = (end - start) / bins || 1;
  for (const [index, { record }] of faults.entries()) {
    const time = times[index];
    if (time < start || time > end) continue;
    const bin = Math.min(bins - 1, Math.floor((time - start) / width));
    counts[accessKind(record)][bin]++;
  }
  return { start, end, first, last, untimed: passing.length - faults.length, ...counts };
}
