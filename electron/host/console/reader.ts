import type { FaultRecord } from '../../../core/iommu/fault.ts';
import { LogParser } from '../../../core/log/parser.ts';
import type { KernelRecord, LogNote, MarkKind, PhaseRecord } from '../../../core/log/records.ts';
import type { LineMark } from '../../../core/protocol/contract.ts';

/** A marked line, with the ordinal of the fault that it tells. */
export interface ReaderMark extends Omit<LineMark, 'fault'> {
  readonly ordinal: number | undefined;
}

/** What is found in a console's text. */
export interface ReaderSink {
  fault(record: FaultRecord, ordinal: number): void;
  faultGrown(record: FaultRecord, ordinal: number): void;
  phase(record: PhaseRecord): void;
  kernel(record: KernelRecord): void;
  note(note: LogNote): void;
  /** The bytes themselves, before what is found in them. */
  bytes(bytes: Uint8Array): void;
  mark(mark: ReaderMark): void;
}

export interface ConsoleReader {
  /** @param at seconds since the console's start */
  push(bytes: Uint8Array, at: number): void;
  /** The text is over: an unfinished last line counts. */
  end(): void;
}

/** What a console's gutter shows of the parser's kinds. */
const KINDS: Readonly<Record<MarkKind, LineMark['kind']>> = {
  fault: 'fault',
  'fault-part': 'status',
  dump: 'status',
  status: 'status',
  phase: 'phase',
  panic: 'panic',
  'bring-up': 'bring-up',
  'hand-off': 'hand-off',
  'run-time': 'status',
  suppressed: 'note',
  lost: 'note',
  gap: 'note',
  unparsed: 'note',
};

/** The log parser of core, feeding a console. */
export function createReader(sink: ReaderSink): ConsoleReader {
  const parser = new LogParser({
    onFault: (record, ordinal) => sink.fault(record, ordinal),
    onFaultGrown: (record, ordinal) => sink.faultGrown(record, ordinal),
    onPhase: (record) => sink.phase(record),
    onKernel: (record) => sink.kernel(record),
    onNote: (note) => sink.note(note),
    onMark: ({ line, kind, severity, text, fault }) =>
      sink.mark({ line, kind: KINDS[kind], severity, text: text ?? '', ordinal: fault }),
  });
  return {
    push(bytes, at) {
      sink.bytes(bytes);
      parser.push(bytes, at);
    },
    end: () => parser.end(),
  };
}
