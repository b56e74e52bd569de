import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatCount } from '../../core/format/size.ts';
import { hex, hexByte } from '../../core/format/hex.ts';
import type { FaultRecord } from '../../core/iommu/fault.ts';
import { DEFAULT_BUDGET } from '../../core/iommu/unit.ts';
import { Failure } from '../../core/memory/failure.ts';
import { ReportPart } from '../../core/protocol/contract-notes.ts';
import type { CallInput } from '../../core/protocol/server.ts';
import { auditDocument, type AuditRuleJson } from '../../core/session/audit-document.ts';
import { inspectDocument, inspectGroups } from '../../core/session/inspect-document.ts';
import type { Report, ReportFaults, ReportSource } from '../../core/session/report.ts';
import { PART_TITLES, syslogHosts, withoutHosts } from '../../core/session/report.ts';
import { VERSION } from '../../core/session/version.ts';
import { explainAnswer } from '../../core/session/view-explain.ts';
import type { SessionFault } from '../../core/session/view-fault.ts';
import { findingItem } from '../../core/session/view-fields.ts';
import { identityOf, isThere, wholeDigest } from './provenance.ts';
import type { Workbench } from './workbench.ts';

/** What a report lists of each kind; what is left out is said in it. */
const MAX_GROUPS = 24;
const MAX_FAULTS = 500;
const MAX_DEVICES = 1000;
const MAX_FINDINGS = 500;
const MAX_PHASES = 500;
const MAX_GAPS = 100;
/** Files up to this size are digested whole. */
const MAX_DIGESTED = 4 * 2 ** 30;
/** Lines of a console that are looked at for names of machines. */
const HOST_LINES = 4000;

/**
 * Gathers the report of a session.
 * @throws Failure of kind `cancelled` when the signal is aborted
 */
export async function makeReport(
  bench: Workbench,
  options: Pick<CallInput<'report.make'>, 'notes' | 'filter' | 'hideHosts' | 'parts'>,
  signal: AbortSignal,
): Promise<Report> {
  const pause = async (): Promise<void> => {
    await nextTurn();
    if (signal.aborted)
      throw new Failure(
        'cancelled',
        'The report was stopped.',
        'Nothing was written.',
        'Ask again.',
      );
  };
  const { investigation } = bench;
  const gaps: string[] = [];
  const listed = <T>(all: readonly T[], most: number, what: string): readonly T[] => {
    if (all.length > most)
      gaps.push(
        `${what}: the first ${formatCount(most)} of ${formatCount(all.length)} are listed.`,
      );
    return all.slice(0, most);
  };
  const filter = options.filter ?? '';
  const faults = filter === '' ? bench.faults.all() : bench.faults.passing(filter);
  const groups: ReportFaults[] = [];
  for (const group of listed(groupsOf(faults), MAX_GROUPS, 'Kinds of faults')) {
    await pause();
    groups.push(explained(bench, group));
  }
  await pause();
  const findings = bench.findings.list(undefined);
  const audit = audited(bench, signal);
  await pause();
  const sources = await sourcesOf(bench, signal);
  const inspected = investigation && inspectDocument(investigation);
  const devices = bench.worlds
    .units()
    .flatMap((unit) =>
      bench.worlds
        .devices(unit)
        .devices.map((device) => [
          unit.facts.name,
          device.bdf,
          device.pasid,
          bench.driver(device.bdf),
          device.translation,
          device.domain,
          device.levels,
          device.pageTable === undefined ? undefined : hex(device.pageTable),
          device.entry.path,
        ]),
    );
  const parts = options.parts && new Set(options.parts);
  const without = new Set(ReportPart.options.filter((part) => parts && !parts.has(part)));
  if (without.size > 0)
    gaps.push(
      `Left out of this report: ${[...without].map((part) => PART_TITLES[part]).join(', ')}.`,
    );
  const wanted = options.notes && new Set(options.notes);
  const missing = [
    ...bench.findings.incomplete().map(({ text }) => text),
    ...(audit?.incomplete ?? []),
    ...bench.info().problems,
  ];
  const report: Report = {
    title: bench.title,
    made: new Date().toISOString(),
    program: VERSION,
    summary: summaryOf(bench, groups, faults.length, findings.length, audit?.rules),
    sources,
    groups: inspected ? inspectGroups(inspected) : [],
    devices: {
      name: 'Devices',
      columns: [
        'unit',
        'device',
        'pasid',
        'driver',
        'translation',
        'domain',
        'levels',
        'page table',
        'entry',
      ],
      rows: listed(devices, MAX_DEVICES, 'Devices'),
    },
    faults: {
      total: faults.length,
      filter,
      groups,
      table: {
        name: 'Faults',
        columns: [
          '#',
          'line',
          'kernel',
          'time',
          'device',
          'access',
          'address',
          'reason',
          'says',
          'verdict',
        ],
        rows: listed(faults, MAX_FAULTS, 'Faults').map((fault) => faultRow(bench, fault)),
      },
      lowerBounds: bench.hub.lowerBounds.map(({ text, line }) => `${text} (console line ${line})`),
    },
    findings: listed(findings, MAX_FINDINGS, 'Findings').map(findingItem),
    audit: audit?.rules,
    phases: listed(bench.hub.phases(), MAX_PHASES, 'Phases'),
    changes: bench.journal.items(),
    notes: bench.notes.list().filter(({ id }) => wanted?.has(id) ?? true),
    writes: bench.notes.writes(),
    without,
    gaps: [...gaps, ...[...new Set(missing)].slice(0, MAX_GAPS)],
  };
  return options.hideHosts ? withoutHosts(report, hostsOf(bench)) : report;
}

/** Faults that are alike, the most frequent first; each group in the order of its faults. */
function groupsOf(faults: readonly SessionFault[]): SessionFault[][] {
  const groups = new Map<string, SessionFault[]>();
  for (const fault of faults) {
    const { kernel, bdf, type, access, reason, event } = fault.record;
    const key = [kernel, bdf, type, access, reason, event].join(' ');
    const group = groups.get(key);
    if (group) group.push(fault);
    else groups.set(key, [fault]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

function explained(bench: Workbench, group: readonly SessionFault[]): ReportFaults {
  const [first] = group;
  const { record } = first;
  try {
    return {
      count: group.length,
      answer: explainAnswer(first, bench.explainer.explain(record), {
        driver: record.bdf === undefined ? undefined : bench.driver(record.bdf),
        device: (unit, id, pasid) => bench.worlds.device(unit, id, pasid),
      }),
    };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { count: group.length, answer: undefined, why: `Fault #${first.n}: ${error.line()}` };
  }
}

function faultRow(bench: Workbench, { n, record }: SessionFault): (string | number | undefined)[] {
  return [
    n,
    record.line,
    record.kernel,
    record.time?.toFixed(6),
    record.bdf,
    record.access ?? record.type,
    record.address === undefined ? undefined : hex(record.address),
    reasonText(record),
    record.reasonName,
    bench.explainer.verdict(record).title,
  ];
}

function reasonText({ reason, event }: FaultRecord): string | undefined {
  return reason === undefined ? event : hexByte(reason);
}

/** The rules of the audit over the captured tables; undefined when there are none. */
function audited(
  bench: Workbench,
  signal: AbortSignal,
):
  { readonly rules: readonly AuditRuleJson[]; readonly incomplete: readonly string[] } | undefined {
  const { investigation } = bench;
  const units = bench.worlds.captured();
  if (!investigation?.memory || units.length === 0) return undefined;
  const [console] = bench.hub.infos();
  const document = auditDocument(investigation, units, {
    story: console && bench.hub.story(console.id),
    budget: { ...DEFAULT_BUDGET, signal },
  });
  return { rules: document.rules, incomplete: document.incomplete.map(({ text }) => text) };
}

async function sourcesOf(bench: Workbench, signal: AbortSignal): Promise<ReportSource[]> {
  const { kept } = bench.folder;
  const infos = bench.info().sources;
  const out: ReportSource[] = [];
  const files = [
    ...kept.sources.map(({ path, digest }) => ({ path, digest, id: undefined })),
    ...kept.consoles.map(({ path, digest, id }) => ({ path, digest, id })),
  ];
  for (const { path, digest, id } of files) {
    const name = path.split(/[\\/]/).at(-1) ?? path;
    const info = infos.find((each) => (id === undefined ? each.name === name : each.id === id));
    const there = isThere(path) ? identityOf(path) : undefined;
    const bytes = there?.bytes ?? info?.bytes;
    const small = there?.bytes !== undefined && there.bytes <= MAX_DIGESTED;
    out.push({
      name,
      path,
      detail: info?.detail ?? '',
      bytes,
      digest: small ? `sha256:${await wholeDigest(path, signal)}` : (there?.digest ?? digest),
    });
  }
  for (const world of bench.worlds.all())
    if (world.machine)
      out.push({
        name: world.name,
        path: '',
        detail: 'simulated machine',
        bytes: undefined,
        digest: undefined,
      });
  return out;
}

function summaryOf(
  bench: Workbench,
  groups: readonly ReportFaults[],
  faults: number,
  findings: number,
  rules: readonly AuditRuleJson[] | undefined,
): string[] {
  const count = (n: number, one: string): string =>
    `${formatCount(n)} ${n === 1 ? one : `${one}s`}`;
  const { investigation } = bench;
  const kernel = investigation?.kernel();
  const panic = kernel?.panic();
  const units = bench.worlds.units().map(({ facts }) => facts.name);
  const lines: string[] = [];
  if (kernel)
    lines.push(
      `The kernel ${kernel.release} ${panic?.reason ? `panicked: ${panic.reason}.` : 'is in the dump.'}`,
    );
  lines.push(
    `${count(faults, 'fault')} in ${count(bench.hub.lines, 'line')} of console text; ${units.length === 0 ? 'no IOMMU unit was found' : `units: ${units.join(', ')}`}; ${count(findings, 'finding')} in the tables.`,
  );
  for (const { count: n, answer } of groups.slice(0, 5))
    if (answer)
      lines.push(`${answer.sentence}: ${answer.verdict.title} (${count(n, 'fault')} like it).`);
  const broken = rules?.filter(({ outcome }) => outcome === 'found') ?? [];
  if (broken.length > 0)
    lines.push(`The audit found: ${broken.map(({ title }) => title).join('; ')}.`);
  return lines;
}

/** Names of machines that the sources tell. */
function hostsOf(bench: Workbench): string[] {
  const uts = bench.investigation?.dump?.facts.utsname;
  const lines = bench.hub
    .infos()
    .flatMap(({ id }) => bench.hub.get(id).record.texts(1, HOST_LINES, 200))
    .map(({ text }) => text);
  return [...new Set([...(uts?.nodename ? [uts.nodename] : []), ...syslogHosts(lines)])];
}
