import { acpiDocument, type AcpiStructureJson } from '../../../core/session/acpi-document.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { paint, printable, type Io } from '../io.ts';
import { openSources } from '../sources.ts';

export const command: Command = {
  summary: 'DMAR and IVRS decoded, each structure with its scope',
  usage: 'acpi SOURCE...',
  options: { ...SOURCE_OPTIONS },
  help: SOURCE_HELP,
  async run({ args, options, io }) {
    const document = acpiDocument(openSources(args, { args, options, io }));
    if (options['json']) io.out(`${JSON.stringify(document, null, 1)}\n`);
    else
      for (const table of document.tables) {
        const origin = {
          memory: `at ${table.address ?? '–'}`,
          file: 'from a file',
          kernel: "the kernel's copies of its structures",
        };
        const sum =
          table.checksumValid === null
            ? 'checksum not known'
            : table.checksumValid
              ? 'checksum right'
              : 'checksum wrong';
        io.out(
          `${paint(io, 'bold', table.signature)}  ${origin[table.from]}, ${table.oem === null ? 'maker not known' : printable(table.oem)}, ${sum}\n`,
        );
        for (const each of table.structures) print(each, 1, io);
        for (const finding of table.findings)
          io.out(`  ${finding.severity}: ${printable(finding.text)}\n`);
      }
    for (const each of document.incomplete)
      io.note(`incomplete: ${each.address ?? ''} ${printable(each.text)}`);
    return document.incomplete.length > 0 ? EXIT.partial : EXIT.answered;
  },
};

function print(structure: AcpiStructureJson, depth: number, io: Io): void {
  io.out(`${'  '.repeat(depth)}${structure.name}  ${printable(structure.text)}\n`);
  for (const each of structure.below) print(each, depth + 1, io);
}
