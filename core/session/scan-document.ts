import type { Candidate, FoundDevice } from '../explain/scan/candidate.ts';
import { scanSteps, type ScanOptions } from '../explain/scan/scan.ts';
import { finish, type Steps } from '../memory/steps.ts';
import { hex } from '../format/hex.ts';
import { givenTables } from './firmware-tables.ts';
import type { Investigation } from './investigation.ts';
import { foundRegisters } from './table-registers.ts';

/** The JSON of `faultline scan`. */
export interface ScanDocument {
  readonly schema: 'faultline.scan/1';
  readonly source: { readonly format: string; readonly compression: readonly string[] };
  /** Best first. */
  readonly candidates: readonly CandidateJson[];
  /** Pages with content that were looked at. */
  readonly pages: number;
  readonly notes: readonly string[];
  /** Register values that make the best tables usable with `--registers`; null without any. */
  readonly registers: Record<string, unknown> | null;
  readonly incomplete: readonly {
    readonly address: null;
    readonly at: string;
    readonly text: string;
  }[];
}

export interface CandidateJson {
  readonly kind: string;
  readonly vendor: string;
  readonly address: string;
  readonly score: number;
  readonly why: readonly string[];
  readonly devices: readonly Record<string, unknown>[];
  readonly entries?: number;
  readonly format?: number;
  readonly parent?: string;
  /** Units that it serves, where that can be told. */
  readonly units?: readonly { readonly name: string; readonly base: string | null }[];
}

/** Scans the memory of a case. @param step called with frames looked at and frames in all */
export function scanDocument(
  investigation: Investigation,
  options: ScanOptions = {},
  step?: (done: number, all: number) => void,
): ScanDocument {
  return finish(scanDocumentSteps(investigation, options), step);
}

/** The same, step by step: frames looked at and frames in all. */
export function* scanDocumentSteps(
  investigation: Investigation,
  options: ScanOptions = {},
): Steps<ScanDocument> {
  const result = yield* scanSteps(investigation.memory!, {
    ...options,
    firmware: givenTables(investigation),
  });
  return {
    schema: 'faultline.scan/1',
    source: {
      format: investigation.dump?.format ?? 'none',
      compression: investigation.dump?.compression ?? [],
    },
    candidates: result.candidates.map(candidateJson),
    pages: result.pages,
    notes: result.notes,
    registers: foundRegisters(result.candidates) ?? null,
    incomplete: result.interrupted
      ? [{ address: null, at: '', text: 'interrupted: not all pages were looked at' }]
      : [],
  };
}

function candidateJson(candidate: Candidate): CandidateJson {
  const { kind, vendor, address, score, why, devices, entries, format, parent, units } = candidate;
  return {
    kind,
    vendor,
    address: hex(address),
    score,
    why,
    devices: devices.map(deviceJson),
    ...(entries === undefined ? {} : { entries }),
    ...(format === undefined ? {} : { format }),
    ...(parent === undefined ? {} : { parent: hex(parent) }),
    ...(units
      ? {
          units: units.map(({ name, base }) => ({
            name,
            base: base === undefined ? null : hex(base),
          })),
        }
      : {}),
  };
}

function deviceJson(device: FoundDevice): Record<string, unknown> {
  const { bdf, translation, domain, levels, pageTable, tables } = device;
  return {
    bdf,
    translation,
    domain: domain ?? null,
    ...(levels === undefined ? {} : { levels }),
    ...(pageTable === undefined ? {} : { pageTable: hex(pageTable) }),
    tables,
  };
}
