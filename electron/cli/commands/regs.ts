import { decode } from '../../../core/bits/layout.ts';
import { hex, parseHex } from '../../../core/format/hex.ts';
import type { RegisterDefinition } from '../../../core/iommu/registers.ts';
import type { Unit } from '../../../core/iommu/unit.ts';
import { capabilityJson } from '../../../core/session/capability-document.ts';
import type { Investigation } from '../../../core/session/investigation.ts';
import { queueJson } from '../../../core/session/queue-document.ts';
import {
  fieldsJson,
  offsetKey,
  registersDocument,
  registerValues,
  summaryOf,
} from '../../../core/session/registers-document.ts';
import { AMD_REGISTERS } from '../../../core/amdvi/registers.ts';
import {
  FIXED_REGISTERS,
  faultRecordRegisters,
  invalidationRegisters,
  registerWords,
} from '../../../core/vtd/registers.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { columns, paint, type Io } from '../io.ts';
import { openSources, text, unitsOf, usage } from '../sources.ts';

export const command: Command = {
  summary: 'all registers with their fields; decodes a single value too',
  usage: 'regs SOURCE... | regs --decode NAME=VALUE [--vendor intel|amd]',
  options: {
    ...SOURCE_OPTIONS,
    decode: { type: 'string' },
    vendor: { type: 'string' },
    all: { type: 'boolean' },
  },
  help: {
    ...SOURCE_HELP,
    decode: 'NAME=VALUE: decode one register value, with no source',
    vendor: 'intel or amd: whose register NAME is, where both have one',
    all: 'also registers that nobody read',
  },
  async run({ args, options, io }) {
    const single = text(options, 'decode');
    if (single !== undefined)
      return decodeOne(single, text(options, 'vendor'), options['json'] === true, io);
    const investigation = openSources(args, { args, options, io });
    const units = unitsOf(investigation, options);
    if (options['json'])
      io.out(
        `${JSON.stringify({ ...registersDocument(units), queues: units.flatMap(queueOf), capability: capabilityJson(investigation) }, null, 1)}\n`,
      );
    else {
      for (const unit of units) print(unit, options['all'] === true, io);
      printCapability(investigation, io);
    }
    return EXIT.answered;
  },
};

/** AMD's PCI capability block, where its words were pasted. */
function printCapability(investigation: Investigation, io: Io): void {
  const rows = capabilityJson(investigation);
  if (rows.length === 0) return;
  io.out(`${paint(io, 'bold', 'PCI capability block')}\n`);
  io.out(
    columns(
      io,
      ['word', 'offset', 'value', 'decoded'].map((title) => ({ title })),
      rows.map(({ unit, name, offset, value, summary }) => [
        unit === null ? name : `${unit} ${name}`,
        offset,
        value,
        summary,
      ]),
    ),
  );
}

function queueOf(unit: Unit): object[] {
  const queue = queueJson(unit);
  return queue ? [{ unit: unit.facts.name, ...queue }] : [];
}

/** Where a unit's queue of commands stands and what waits in it. */
function printQueue(unit: Unit, io: Io): void {
  const queue = queueJson(unit);
  if (!queue) return;
  const place = (index: number | null): string => (index === null ? 'not known' : String(index));
  io.out(
    `${queue.what} at ${queue.base}, ${queue.capacity} entries, head ${place(queue.head)}, tail ${place(queue.tail)}\n`,
  );
  const rows = [
    ...(queue.last ? [{ entry: queue.last, state: 'fetched' }] : []),
    ...(queue.waiting ?? []).map((entry) => ({ entry, state: 'waits' })),
  ];
  if (rows.length > 0)
    io.out(
      columns(
        io,
        ['index', '', 'descriptor', 'raw', 'decoded'].map((title) => ({ title })),
        rows.map(({ entry, state }) => [
          String(entry.index),
          state,
          entry.what,
          entry.raw.join(' '),
          entry.summary,
        ]),
      ),
    );
}

function print(unit: Unit, all: boolean, io: Io): void {
  const values = registerValues(unit);
  io.out(`${paint(io, 'bold', unit.facts.name)}  registers from ${unit.facts.from}\n`);
  io.out(
    columns(
      io,
      [{ title: 'register' }, { title: 'offset' }, { title: 'value' }, { title: 'decoded' }],
      values
        .filter(({ reading }) => all || reading)
        .map(({ definition, reading }) => [
          definition.name,
          offsetKey(definition.offset),
          reading ? hex(reading.value) : '–',
          reading ? summaryOf(decode(definition.layout, registerWords(reading.value))) : 'not read',
        ]),
    ),
  );
  const unread = values.filter(({ reading }) => !reading).length;
  if (unread > 0 && !all) io.out(`${unread} registers more that nobody read (--all lists them)\n`);
  printQueue(unit, io);
}

/** Registers by name: the fixed ones, and one of each kind whose place the capabilities give. */
function named(vendor: 'intel' | 'amd'): readonly RegisterDefinition[] {
  return vendor === 'amd'
    ? AMD_REGISTERS
    : [...FIXED_REGISTERS, ...invalidationRegisters(0n), ...faultRecordRegisters(0n)];
}

function decodeOne(text: string, vendor: string | undefined, json: boolean, io: Io): number {
  const match = /^([^=]+)=(.+)$/.exec(text);
  const value = match && parseHex(match[2]);
  if (!match || value === undefined || value === null)
    throw usage(`--decode takes NAME=VALUE, not "${text}".`, 'For example: GSTS=0xc7000000.');
  if (vendor !== undefined && vendor !== 'intel' && vendor !== 'amd')
    throw usage(`--vendor takes intel or amd, not "${vendor}".`, 'Choose one.');
  const wanted = match[1].trim().toLowerCase();
  const find = (whose: 'intel' | 'amd'): RegisterDefinition | undefined =>
    named(whose).find(
      (each) => each.name.toLowerCase() === wanted || each.title.toLowerCase() === wanted,
    );
  const definition = vendor ? find(vendor) : (find('intel') ?? find('amd'));
  if (!definition)
    throw usage(
      `There is no register called "${match[1]}".`,
      '`faultline regs SOURCE --all` lists the names.',
    );
  const fields = decode(definition.layout, registerWords(value));
  if (json) {
    io.out(
      `${JSON.stringify({ schema: 'faultline.regs/1', name: definition.name, title: definition.title, value: hex(value), spec: definition.layout.spec, fields: fieldsJson(fields) }, null, 1)}\n`,
    );
    return EXIT.answered;
  }
  io.out(
    `${paint(io, 'bold', definition.name)}  ${definition.title} (${definition.layout.spec})\n`,
  );
  io.out(
    columns(
      io,
      [{ title: 'bits' }, { title: 'field' }, { title: 'value' }, { title: 'meaning' }],
      fields
        .toReversed()
        .map(({ field, value: each, valueName }) => [
          field.pieces
            .map(({ high, low }) => (high === low ? String(high) : `${high}:${low}`))
            .join(','),
          field.name,
          hex(each),
          valueName ?? field.meaning,
        ]),
    ),
  );
  return EXIT.answered;
}
