import type { FaultItem } from '../../../core/protocol/schema.ts';

const COLUMNS = [
  'n',
  'line',
  'time',
  'kernel',
  'type',
  'access',
  'bdf',
  'address',
  'reason',
  'reasonName',
] as const;

/** A fault as the formats that a report or a script takes; addresses plain. */
export function copyForms(fault: FaultItem): readonly { title: string; text: string }[] {
  const cells = COLUMNS.map((name) => String(fault[name] ?? ''));
  return [
    { title: 'Text', text: faultSentence(fault) },
    { title: 'CSV', text: `${COLUMNS.join(',')}\n${cells.map(quote).join(',')}` },
    { title: 'JSON', text: JSON.stringify(fault, undefined, 2) },
    {
      title: 'Markdown',
      text: [
        `| ${COLUMNS.join(' | ')} |`,
        `|${COLUMNS.map(() => '---').join('|')}|`,
        `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
      ].join('\n'),
    },
  ];
}

/** `00:06.0 read 0x1f00000, reason 0x06 PTE Read access is not set, line 512`. */
export function faultSentence(fault: FaultItem): string {
  const reason =
    fault.reason === undefined
      ? fault.event
      : `reason 0x${fault.reason.toString(16).padStart(2, '0')}`;
  return [
    [fault.bdf, fault.access ?? fault.type, fault.address].filter(Boolean).join(' '),
    [reason, fault.reasonName].filter(Boolean).join(' '),
    `line ${fault.line}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

const quote = (cell: string): string =>
  /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
