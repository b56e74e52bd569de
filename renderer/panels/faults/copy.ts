import type { Cell, TextTable } from '../../../core/format/table-text.ts';
import { tableText } from '../../../core/format/table-text.ts';
import type { FaultItem } from '../../../core/protocol/schema.ts';
import type { CopyForm } from '../../ui/table-export.ts';
import { hexByte } from '../../../core/format/hex.ts';

const COLUMNS = [
  'n',
  'line',
  'time',
  'kernel',
  'type',
  'access',
  'bdf',
  'driver',
  'pasid',
  'address',
  'reason',
  'reasonName',
  'event',
  'verdict',
] as const;

/** Faults as a table of plain values. */
export function faultTable(faults: readonly FaultItem[], cut?: string): TextTable {
  return { name: 'Faults', columns: COLUMNS, rows: faults.map(cells), cut };
}

/** A fault as the formats that a report or a script takes; addresses plain. */
export function copyForms(fault: FaultItem): readonly CopyForm[] {
  const table = faultTable([fault]);
  return [
    { title: 'Text', text: faultSentence(fault) },
    ...(fault.bdf === undefined
      ? []
      : [{ title: 'Device with segment', text: withSegment(fault.bdf) }]),
    { title: 'CSV', text: tableText(table, 'csv') },
    { title: 'JSON', text: JSON.stringify(fault, undefined, 2) },
    { title: 'Markdown', text: tableText(table, 'markdown') },
  ];
}

function cells(fault: FaultItem): Cell[] {
  return COLUMNS.map((name) => (name === 'verdict' ? fault.verdict?.title : fault[name]));
}

/** `0000:02:00.0`, whatever the segment. */
function withSegment(bdf: string): string {
  return bdf.split(':').length === 3 ? bdf : `0000:${bdf}`;
}

/** `00:06.0 read 0x1f00000, reason 0x06 PTE Read access is not set, line 512`. */
export function faultSentence(fault: FaultItem): string {
  const reason = fault.reason === undefined ? fault.event : `reason ${hexByte(fault.reason)}`;
  return [
    [fault.bdf, fault.access ?? fault.type, fault.address].filter(Boolean).join(' '),
    [reason, fault.reasonName].filter(Boolean).join(' '),
    `line ${fault.line}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}
