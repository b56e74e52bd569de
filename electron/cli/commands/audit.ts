import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import { crashKernelDrivers, DriverLines } from '../../../core/log/driver-lines.ts';
import { LogCollector } from '../../../core/log/parse.ts';
import { auditDocument, type AuditRuleJson } from '../../../core/session/audit-document.ts';
import { deviceText } from '../../../core/session/device-names.ts';
import type { Investigation } from '../../../core/session/investigation.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { paint, printable, type Io, type Style } from '../io.ts';
import { eachLogBytes, readLogs, storyOf } from '../logs.ts';
import { progress } from '../progress.ts';
import { openSources, unitsOf, wholeNumber } from '../sources.ts';

const STYLES: Readonly<Record<string, Style>> = { error: 'red', warning: 'yellow', note: 'blue' };

export const command: Command = {
  summary: 'the tables against rules: what mappings reach, how tables are built, hand-off',
  usage: 'audit SOURCE...',
  options: { ...SOURCE_OPTIONS },
  help: { ...SOURCE_HELP, limit: 'N: at most N hits of each rule for people' },
  // oxlint-disable-next-line require-await -- the contract of commands
  async run({ args, options, io }) {
    const investigation = openSources(args, { args, options, io });
    const units = unitsOf(investigation, options);
    const collector = new LogCollector();
    if (investigation.logs.length > 0 || investigation.kernel())
      readLogs(investigation, () => collector);
    const meter = progress(io, 'auditing');
    const document = auditDocument(investigation, units, {
      story: storyOf(collector),
      crashDrivers: crashDrivers(investigation, collector),
      budget: { ...DEFAULT_BUDGET, signal: io.signal },
      step: (done, all) => meter.show(done / all, `table ${done + 1} of ${all}`),
    });
    meter.end();
    if (options['json']) io.out(`${JSON.stringify(document, null, 1)}\n`);
    else if (options['ndjson'])
      io.out(document.rules.map((rule) => `${JSON.stringify(rule)}\n`).join(''));
    else print(document.rules, investigation, wholeNumber(options, 'limit') ?? 8, io);
    for (const each of document.incomplete)
      io.note(`incomplete: ${each.address ?? ''} ${printable(each.text)}`);
    if (io.signal.aborted) return EXIT.interrupted;
    if (document.rules.some(({ outcome }) => outcome === 'found')) return EXIT.found;
    return document.incomplete.length > 0 ? EXIT.partial : EXIT.answered;
  },
};

/** Drivers that speak in the crash kernel's part of the log; undefined where it has none. */
function crashDrivers(
  investigation: Investigation,
  { kernels }: LogCollector,
): ReadonlyMap<string, string> | undefined {
  // Lines are counted in each text by itself.
  const spoken = kernels.some((kernel) => kernel?.role === 'capture');
  if (!spoken || investigation.logs.length !== 1) return undefined;
  const lines = new DriverLines();
  eachLogBytes(investigation, (_index, bytes) => lines.push(bytes));
  lines.end();
  return crashKernelDrivers(kernels, lines);
}

/** What lspci says of the device that a path names. */
function nameAt(investigation: Investigation, path: string): string {
  const bdf = path.split('/')[1];
  const name = bdf === undefined ? undefined : deviceText(investigation, bdf);
  return name === undefined ? '' : ` (${name})`;
}

function print(
  rules: readonly AuditRuleJson[],
  investigation: Investigation,
  limit: number,
  io: Io,
): void {
  const found = rules.filter(({ outcome }) => outcome === 'found');
  for (const { title, why, source, hits, more } of found) {
    io.out(`${paint(io, 'bold', title)}\n  ${why} [${source}]\n`);
    for (const hit of hits.slice(0, limit)) {
      const mark = paint(io, STYLES[hit.severity] ?? 'yellow', hit.severity);
      io.out(
        `  ${mark}  ${hit.at}${printable(nameAt(investigation, hit.at))}  ${printable(hit.text)}\n`,
      );
      for (const { what, address, raw, field, meaning } of hit.evidence) {
        const words = Array.isArray(raw) ? raw.join(' ') : raw;
        const parts = [what, address && `at ${String(address)}`, words, field, meaning];
        io.out(`      ${printable(parts.filter(Boolean).join('  '))}\n`);
      }
    }
    const rest = more + Math.max(0, hits.length - limit);
    if (rest > 0) io.out(`  ${rest} more\n`);
    io.out('\n');
  }
  const passed = rules.filter(({ outcome }) => outcome === 'passed');
  io.out(
    `${passed.length} rules passed${passed.some(({ gaps }) => gaps.length > 0) ? ' in what could be read' : ''}.\n`,
  );
  for (const { title, skipped } of rules)
    if (skipped !== null) io.out(`Skipped: ${title}: ${skipped}\n`);
}
