import type { NotePin } from '../../core/protocol/contract-notes.ts';
import type { SessionFault } from '../../core/session/view-fault.ts';
import type { PinPlace } from './note-book.ts';
import type { FaultTable } from '../../core/session/fault-table.ts';
import type { ConsoleHub } from './console/hub.ts';

/** Longest piece of a console's line in a note's name. */
const SHOWN = 160;

/** Where pins lead: the session's consoles and faults. */
export interface PinParts {
  readonly faults: FaultTable;
  readonly hub: ConsoleHub;
}

/** What a note's pin is called, and where it leads now. */
export function pinPlace(bench: PinParts, pin: NotePin): PinPlace {
  switch (pin.kind) {
    case 'entry':
      return { label: pin.path, target: pin.path };
    case 'address':
      return { label: `physical ${pin.address}`, target: pin.address };
    case 'time':
      return { label: `${pin.time.toFixed(6)} s, kernel ${pin.kernel}`, target: undefined };
    case 'line':
      return {
        label: `L${pin.line} ${lineText(bench, pin.console, pin.line)}`.trim(),
        target: `L${pin.line}`,
      };
    case 'fault': {
      const fault = faultAt(bench, pin);
      return fault
        ? { label: faultLabel(fault), target: `#${fault.n}` }
        : { label: `fault on line ${pin.line}`, target: undefined };
    }
  }
}

/** The fault that a line told; its number is another one when logs were read in another order. */
function faultAt(
  bench: PinParts,
  { console, line, fault }: Extract<NotePin, { kind: 'fault' }>,
): SessionFault | undefined {
  const same = (each: SessionFault | undefined): boolean =>
    each?.record.line === line && (console === undefined || each.console === console);
  const byNumber = fault === undefined ? undefined : bench.faults.get(fault);
  return same(byNumber) ? byNumber : bench.faults.all().find(same);
}

/** `#1 00:06.0 read 0x1f00000`. */
function faultLabel({ n, record }: SessionFault): string {
  const { bdf, access, type, address } = record;
  const where = address === undefined ? undefined : `0x${address.toString(16)}`;
  return [`#${n}`, bdf, access ?? type, where].filter(Boolean).join(' ');
}

function lineText(bench: PinParts, console: string, line: number): string {
  if (!bench.hub.infos().some(({ id }) => id === console)) return '';
  const [found] = bench.hub.get(console).record.texts(line, line + 1, SHOWN);
  return (found?.text ?? '').replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
}
