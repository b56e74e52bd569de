import { differs, diffStates, type DiffOptions } from '../explain/diff/diff.ts';
import type { Change, MissingPart } from '../explain/diff/change.ts';
import type { DiffRange, RangeList } from '../explain/diff/mappings.ts';
import { hex } from '../format/hex.ts';
import { rightsText } from '../iommu/leaves.ts';
import type { Unit } from '../iommu/unit.ts';
import type { Investigation } from './investigation.ts';
import { incompleteJson, type IncompleteJson } from './json.ts';
import { sourceJson, type SourceJson } from './tables-document.ts';
import { addressOfPfn } from '../memory/physical.ts';

/** The JSON of `faultline diff`. */
export interface DiffDocument {
  readonly schema: 'faultline.diff/1';
  readonly a: SourceJson;
  readonly b: SourceJson;
  readonly equal: boolean;
  readonly changes: readonly Change[];
  readonly mappings: readonly MappingDiffJson[];
  /** What one state does not hold: it was not removed, nobody can tell. */
  readonly missing: readonly MissingPart[];
  readonly compared: { readonly units: number; readonly devices: number; readonly leaves: number };
  readonly incomplete: readonly IncompleteJson[];
}

export interface MappingDiffJson {
  readonly path: string;
  readonly devices: readonly string[];
  readonly added: RangeListJson;
  readonly removed: RangeListJson;
  readonly changed: RangeListJson;
  readonly unknown: RangeListJson;
}

export interface RangeListJson {
  /** Ranges; of very many only the first are listed. */
  readonly count: number;
  readonly bytes: number;
  readonly ranges: readonly {
    readonly iova: string;
    readonly pa: string;
    readonly size: string;
    readonly rights: string;
    readonly was?: { readonly pa: string; readonly rights: string };
  }[];
}

/** One state: its case and the units of it that are compared. */
export interface DiffSide {
  readonly investigation: Investigation;
  readonly units: readonly Unit[];
}

/** Compares two states. */
export function diffDocument(a: DiffSide, b: DiffSide, options: DiffOptions = {}): DiffDocument {
  const diff = diffStates(a.units, b.units, options);
  return {
    schema: 'faultline.diff/1',
    a: sourceJson(a.investigation),
    b: sourceJson(b.investigation),
    equal: !differs(diff),
    changes: diff.changes,
    mappings: diff.mappings.map(({ path, devices, added, removed, changed, unknown }) => ({
      path,
      devices,
      added: listJson(added),
      removed: listJson(removed),
      changed: listJson(changed),
      unknown: listJson(unknown),
    })),
    missing: diff.missing,
    compared: diff.compared,
    incomplete: incompleteJson([
      ...a.investigation.incomplete(),
      ...b.investigation.incomplete(),
      ...diff.incomplete,
    ]),
  };
}

const address = (frames: number): string => hex(addressOfPfn(frames));

function listJson({ ranges, count, pages }: RangeList): RangeListJson {
  return { count, bytes: pages * 4096, ranges: ranges.map(rangeJson) };
}

function rangeJson({ iova, pa, pages, rights, was }: DiffRange): RangeListJson['ranges'][number] {
  return {
    iova: address(iova),
    pa: address(pa),
    size: address(pages),
    rights: rightsText(rights),
    ...(was ? { was: { pa: address(was.pa), rights: rightsText(was.rights) } } : {}),
  };
}
