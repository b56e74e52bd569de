import { audit } from '../explain/audit/audit.ts';
import { kernelPageTables } from '../explain/audit/kernel-tables.ts';
import type { Hit, Outcome, Rule } from '../explain/audit/rule.ts';
import type { AuditFacts, MemoryMap } from '../explain/audit/state.ts';
import { auditState, type AuditOptions } from '../explain/audit/sweep.ts';
import { framesOf, Intervals } from '../explain/mappings/intervals.ts';
import type { LogStory } from '../explain/story.ts';
import type { Unit } from '../iommu/unit.ts';
import type { Kernel } from '../linux/kernel.ts';
import { rootSymbol } from '../linux/vmcoreinfo.ts';
import { knownFunctions, reservedRanges } from './explain-document.ts';
import { firmwareRegions, firmwareTables } from './firmware-tables.ts';
import type { Investigation } from './investigation.ts';
import { toldRanges } from './physical-map.ts';
import { evidenceJson, incompleteJson, type EvidenceJson, type IncompleteJson } from './json.ts';
import { sourceJson, type SourceJson } from './tables-document.ts';

/** The JSON of `faultline audit`. */
export interface AuditDocument {
  readonly schema: 'faultline.audit/1';
  readonly source: SourceJson;
  readonly rules: readonly AuditRuleJson[];
  readonly incomplete: readonly IncompleteJson[];
}

export interface AuditRuleJson {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly source: string;
  readonly severity: string;
  readonly outcome: 'found' | 'passed' | 'skipped';
  readonly hits: readonly AuditHitJson[];
  /** Hits that are not listed. */
  readonly more: number;
  /** Why it was not run; null when it was. */
  readonly skipped: string | null;
  /** What could not be looked at. */
  readonly gaps: readonly string[];
}

export interface AuditHitJson {
  readonly at: string;
  readonly severity: string;
  readonly text: string;
  readonly evidence: readonly EvidenceJson[];
}

/** Video memory, option ROMs and firmware below 1 MiB: there, whatever a kernel's map says. */
const LEGACY_AREA = { from: 0xa0, to: 0x100 };

/** Gaps that stand in the answer one by one. */
const MAX_GAPS = 16;

/** Checks the units of a case against the rules. */
export function auditDocument(
  investigation: Investigation,
  units: readonly Unit[],
  options: AuditOptions & {
    readonly story?: LogStory;
    readonly crashDrivers?: ReadonlyMap<string, string>;
  } = {},
): AuditDocument {
  const { memory } = investigation;
  const state = auditState(
    units.map(({ facts }) => facts),
    memory!,
    {
      ...auditFacts(investigation, options.story),
      ...(options.crashDrivers ? { crashDrivers: options.crashDrivers } : {}),
    },
    {
      ...options,
      unitsOver: (over) =>
        investigation
          .makeUnits(over)
          .filter(({ facts }) => units.some((unit) => unit.facts.name === facts.name)),
    },
  );
  return {
    schema: 'faultline.audit/1',
    source: sourceJson(investigation),
    rules: audit(state).map(({ rule, outcome }) => ruleJson(rule, outcome)),
    incomplete: incompleteJson([...investigation.incomplete(), ...state.incomplete]),
  };
}

/** What the sources tell beside the tables. */
export function auditFacts(investigation: Investigation, story?: LogStory): AuditFacts {
  const { dmar } = firmwareTables(investigation);
  return {
    map: memoryMap(investigation, story),
    regions: firmwareRegions(investigation, story),
    functions: knownFunctions(investigation),
    x2apicOptOut: dmar?.x2apicOptOut,
  };
}

function memoryMap(investigation: Investigation, story: LogStory | undefined): MemoryMap {
  const reserved = reservedRanges(investigation, story);
  const kernel = investigation.kernel();
  const map = toldRanges(investigation);
  const text = map.filter(({ name }) => name === 'Kernel code' || name === 'Kernel rodata');
  const outer = map.filter(({ depth }) => depth === 0);
  return {
    reserved: reserved.length > 0 ? new Intervals(reserved.map(framesOf)) : undefined,
    kernelText: text.length > 0 ? new Intervals(text.map(framesOf)) : undefined,
    kernelTables: kernel && kernelTablesOf(kernel),
    everything: outer.length > 0 ? new Intervals([...outer.map(framesOf), LEGACY_AREA]) : undefined,
  };
}

function kernelTablesOf(kernel: Kernel): Intervals | undefined {
  const symbol = rootSymbol(kernel.info);
  if (symbol === undefined) return undefined;
  return kernelPageTables(
    kernel.memory.physical,
    kernel.memory.imageToPhysical(symbol),
    kernel.info.number('pgtable_l5_enabled') === 1n ? 5 : 4,
    kernel.info.number('sme_mask') ?? 0n,
  );
}

function ruleJson(rule: Rule, outcome: Outcome): AuditRuleJson {
  const { id, title, why, source, severity } = rule;
  const head = { id, title, why, source, severity, outcome: outcome.outcome };
  if (outcome.outcome === 'skipped')
    return { ...head, hits: [], more: 0, skipped: `needs ${outcome.reason}`, gaps: [] };
  return {
    ...head,
    hits: outcome.hits.map(hitJson),
    more: outcome.more,
    skipped: null,
    gaps: outcome.gaps.slice(0, MAX_GAPS),
  };
}

function hitJson({ at, severity, text, evidence }: Hit): AuditHitJson {
  return { at, severity, text, evidence: evidence.map(evidenceJson) };
}
