import { formatBdf, parseBdf } from '../../../core/format/bdf.ts';
import { hex } from '../../../core/format/hex.ts';
import { toldAddress } from '../../../core/imports/stated/pages.ts';
import type { InterruptEntry, InterruptTable, Unit } from '../../../core/iommu/unit.ts';
import { deviceJson, deviceText } from '../../../core/session/device-names.ts';
import type { Investigation } from '../../../core/session/investigation.ts';
import { incompleteJson } from '../../../core/session/json.ts';
import { sourceJson } from '../../../core/session/tables-document.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { columns, paint, printable } from '../io.ts';
import { openSources, unitsOf, wholeNumber } from '../sources.ts';

export const command: Command = {
  summary: 'interrupt remapping entries',
  usage: 'irq SOURCE... [--all]',
  options: { ...SOURCE_OPTIONS, all: { type: 'boolean' } },
  help: { ...SOURCE_HELP, all: 'also entries that are not present' },
  async run({ args, options, io }) {
    const investigation = openSources(args, { args, options, io });
    const units = unitsOf(investigation, options);
    const limit = wholeNumber(options, 'limit') ?? Number.POSITIVE_INFINITY;
    const answers = units.map((unit) => ({
      unit,
      tables: unit.interrupts(options['all'] === true),
    }));
    const incomplete = incompleteJson(
      answers.flatMap(({ tables }) => tables.flatMap((table) => table.incomplete)),
    );
    let cut = 0;
    const shown = (table: InterruptTable): readonly InterruptEntry[] => {
      cut += Math.max(0, table.entries.length - limit);
      return table.entries.slice(0, limit);
    };
    if (options['ndjson'])
      for (const { unit, tables } of answers)
        for (const table of tables)
          for (const entry of shown(table))
            io.out(
              `${JSON.stringify({ unit: unit.facts.name, table: placeText(table.table), ...entryJson(unit, entry, options['segments'] === true), ...sourceName(investigation, entry) })}\n`,
            );
    else if (options['json'])
      io.out(
        `${JSON.stringify(
          {
            schema: 'faultline.irq/1',
            source: sourceJson(investigation),
            units: answers.map(({ unit, tables }) => ({
              name: unit.facts.name,
              vendor: unit.facts.vendor,
              tables: tables.map((table) => ({
                table: placeText(table.table),
                capacity: table.capacity,
                present: table.present,
                ...(unit.facts.vendor === 'amd' ? { devices: table.devices } : {}),
                entries: shown(table).map((entry) => ({
                  ...entryJson(unit, entry, options['segments'] === true),
                  ...sourceName(investigation, entry),
                })),
              })),
            })),
            incomplete,
          },
          null,
          1,
        )}\n`,
      );
    else
      for (const { unit, tables } of answers)
        for (const table of tables) {
          io.out(
            `${paint(io, 'bold', unit.facts.name)}  table ${placeText(table.table) ?? 'at an untold place'}, ${table.present} of ${table.capacity} present${table.devices.length > 0 ? `, of ${table.devices.join(' ')}` : ''}\n`,
          );
          io.out(
            columns(
              io,
              [
                { title: 'index', right: true },
                { title: 'vector', right: true },
                { title: 'destination', right: true },
                { title: 'source' },
                { title: 'form' },
                { title: 'raw' },
              ],
              shown(table).map((entry) => [
                String(entry.index),
                entry.vector === undefined ? '–' : hex(entry.vector),
                entry.destination === undefined ? '–' : hex(entry.destination),
                entry.source ?? '–',
                entry.present ? (entry.posted ? 'posted' : 'remapped') : 'not present',
                `${entry.entry.words.map(hex).join(' ')}${printable(nameAfter(investigation, entry))}`,
              ]),
            ),
          );
        }
    if (cut > 0) io.note(`faultline irq: ${cut} entries more were left out by --limit ${limit}.`);
    for (const each of incomplete)
      io.note(`incomplete: ${each.address ?? ''} ${printable(each.text)}`);
    return incomplete.length > 0 ? EXIT.partial : EXIT.answered;
  },
};

/** Where a table stands; null where a text lists its entries and does not say. */
function placeText(address: bigint): string | null {
  const told = toldAddress(address);
  return told === undefined ? null : hex(told);
}

/** What lspci says of the device that may use the entry. */
function sourceName(investigation: Investigation, { source }: InterruptEntry): object {
  return source === undefined ? {} : deviceJson(investigation, source);
}

function nameAfter(investigation: Investigation, { source }: InterruptEntry): string {
  const name = source === undefined ? undefined : deviceText(investigation, source);
  return name === undefined ? '' : `  ${name}`;
}

/** One entry as the contract writes it: `raw` is one string for AMD's 32-bit form. */
function entryJson(unit: Unit, entry: InterruptEntry, segments: boolean): Record<string, unknown> {
  const short = unit.facts.vendor === 'amd' && unit.facts.interruptFormat === 32;
  return {
    index: entry.index,
    raw: short ? hex(entry.entry.words[0]) : entry.entry.words.map(hex),
    present: entry.present,
    vector: entry.vector ?? null,
    destination: entry.destination ?? null,
    source: sourceText(unit, entry, segments),
    posted: entry.posted,
  };
}

/** The allowed requester, with its segment where it is not 0 or was asked for. */
function sourceText(unit: Unit, entry: InterruptEntry, segments: boolean): string | null {
  const bdf = entry.source === undefined ? undefined : parseBdf(entry.source);
  if (!bdf) return entry.source ?? null;
  return formatBdf(bdf.id, unit.facts.segment, segments || unit.facts.segment !== 0);
}
