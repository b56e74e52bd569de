import { setImmediate } from 'node:timers/promises';
import { formatCount, formatSize } from '../../../core/format/size.ts';
import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import {
  tablesDocument,
  type TablesDocument,
  type UnitJson,
} from '../../../core/session/tables-document.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { columns, paint, printable, type Io } from '../io.ts';
import { progress } from '../progress.ts';
import { openSources, unitsOf, wholeNumber } from '../sources.ts';

export const command: Command = {
  summary: 'every unit, every device with its translation',
  usage: 'tables SOURCE... [--leaves]',
  options: { ...SOURCE_OPTIONS, leaves: { type: 'boolean' } },
  help: { ...SOURCE_HELP, leaves: 'walk every page table, and count' },
  async run({ args, options, io }) {
    const investigation = openSources(args, { args, options, io });
    const units = unitsOf(investigation, options);
    const meter = progress(io, 'reading tables');
    const document = await tablesDocument(investigation, units, {
      leaves: options['leaves'] === true,
      segments: options['segments'] === true,
      budget: { ...DEFAULT_BUDGET, signal: io.signal },
      step: options['leaves']
        ? async (done, all) => {
            meter.show(done / all, `${done} of ${all} devices`);
            await setImmediate();
          }
        : undefined,
    });
    meter.end();
    const cut = limited(document, wholeNumber(options, 'limit'), io);
    if (options['json']) io.out(`${JSON.stringify(cut, null, 1)}\n`);
    else if (options['ndjson'])
      for (const unit of cut.units)
        for (const device of unit['devices'] as readonly object[])
          io.out(`${JSON.stringify({ unit: unit['name'], ...device })}\n`);
    else print(cut, io);
    if (io.signal.aborted) return EXIT.interrupted;
    return document.incomplete.length > 0 ? EXIT.partial : EXIT.answered;
  },
};

function limited(document: TablesDocument, limit: number | undefined, io: Io): TablesDocument {
  if (limit === undefined) return document;
  let cut = 0;
  const units = document.units.map((unit) => {
    const devices = unit['devices'] as readonly UnitJson[];
    cut += Math.max(0, devices.length - limit);
    return { ...unit, devices: devices.slice(0, limit) };
  });
  if (cut > 0) io.note(`faultline tables: ${cut} rows more were left out by --limit ${limit}.`);
  return { ...document, units };
}

const text = (value: unknown): string =>
  value === null || value === undefined ? '–' : String(value as string | number | boolean);

function print(document: TablesDocument, io: Io): void {
  for (const unit of document.units) {
    const mode = unit['vendor'] === 'intel' ? `VT-d, ${text(unit['mode'])} mode` : 'AMD-Vi';
    const root =
      unit['vendor'] === 'intel'
        ? `root table ${text(unit['rootTable'])}`
        : `device table ${text(unit['deviceTable'])}`;
    const enabled = unit['translationEnabled'];
    const state =
      enabled === null ? 'translation not known' : enabled ? 'translation on' : 'translation off';
    io.out(
      `${paint(io, 'bold', printable(text(unit['name'])))}  ${mode}, base ${text(unit['base'])}, ${root}, ${state} (from ${text(unit['registersFrom'])})\n`,
    );
    const devices = unit['devices'] as readonly Readonly<Record<string, unknown>>[];
    const swept = devices.some((device) => device['leaves'] !== undefined);
    const named = devices.some((device) => device['driver'] !== undefined);
    const heads = [
      { title: 'device' },
      { title: 'pasid', right: true },
      { title: 'translation' },
      { title: 'domain', right: true },
      { title: 'page table' },
      ...(swept
        ? [
            { title: 'leaves', right: true },
            { title: 'mapped', right: true },
          ]
        : []),
      ...(named ? [{ title: 'driver, name' }] : []),
      { title: 'notes' },
    ];
    const rows = devices.map((device) => [
      text(device['bdf']),
      device['pasid'] === undefined ? '' : text(device['pasid']),
      text(device['translation']),
      text(device['domain']),
      device['pageTable'] === undefined ? '' : text(device['pageTable']),
      ...(swept
        ? device['leaves'] === undefined
          ? ['', '']
          : [formatCount(Number(device['leaves'])), formatSize(Number(device['mappedBytes']))]
        : []),
      ...(named ? [nameOf(device)] : []),
      notes(device),
    ]);
    io.out(columns(io, heads, rows));
    const same = (unit['same'] ?? []) as readonly Readonly<Record<string, unknown>>[];
    for (const group of same)
      io.out(
        `${formatCount(Number(group['count']))} other devices share one entry: ${(group['raw'] as string[]).join(' ')}\n`,
      );
    printInterrupts(unit, io);
    io.out('\n');
  }
  for (const each of document.incomplete)
    io.note(`incomplete: ${each.address ?? ''} ${printable(each.text)}`.replace('  ', ' '));
}

/** What lspci says of a row's device. */
function nameOf({ device, driver }: Readonly<Record<string, unknown>>): string {
  if (driver === undefined) return '';
  return printable([driver ?? 'no driver', device].filter(Boolean).join(', '));
}

function notes(device: Readonly<Record<string, unknown>>): string {
  const findings = device['findings'] as readonly { severity: string; text: string }[];
  const parts = findings.map((finding) => `${finding.severity}: ${printable(finding.text)}`);
  if (device['incomplete']) parts.unshift('incomplete');
  return parts.slice(0, 2).join('; ') + (parts.length > 2 ? `; ${parts.length - 2} more` : '');
}

function printInterrupts(unit: UnitJson, io: Io): void {
  const interrupts = unit['interrupts'] as Readonly<Record<string, unknown>> | null;
  if (!interrupts) return;
  const tables = (interrupts['tables'] as
    readonly Readonly<Record<string, unknown>>[] | undefined) ?? [interrupts];
  for (const table of tables)
    io.out(
      `interrupt remapping table ${text(table['table'])}: ${text(table['present'])} of ${formatCount(Number(table['capacity']))} entries present\n`,
    );
}
