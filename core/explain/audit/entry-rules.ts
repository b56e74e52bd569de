import type { Finding } from '../../iommu/finding.ts';
import { outcomeOf, type Rule } from './rule.ts';
import type { AuditState } from './state.ts';

/** Everything that the decoders found wrong with entries. */
function findings(state: AuditState): Finding[] {
  return [
    ...state.units.flatMap(({ list }) => [
      ...list.findings,
      ...list.devices.flatMap((device) => device.findings),
    ]),
    ...state.tables.flatMap((swept) => swept.findings),
  ];
}

const LOOPS = new Set(['table-loop', 'table-shared']);
const RESERVED = new Set(['reserved-bits', 'reserved-bits-more']);
const OTHER = new Set([
  'address-width',
  'translation-type',
  'domain-width',
  'pasid-entry',
  'illegal-mode',
  'illegal-guest-levels',
  'guest-translation-unsupported',
  'illegal-interrupt-control',
  'illegal-interrupt-length',
  'illegal-page-size',
  'illegal-level',
  'page-not-repeated',
  'pointer-outside-memory',
]);

function ofIds(state: AuditState, ids: ReadonlySet<string>): ReturnType<Rule['check']> {
  const hits = findings(state)
    .filter(({ id }) => ids.has(id))
    .map(({ at, severity, text, evidence }) => ({ at, severity, text, evidence }));
  return outcomeOf(hits, state.gaps);
}

/** Tables that point back to a table above them. */
export const tableLoop: Rule = {
  id: 'tables-looped',
  title: 'Page tables are trees',
  why: 'A table that leads back to one above it maps the tables themselves, over and over; no driver makes one.',
  source: 'VT-d 4.1 §3.7; 48882 rev 3.08 §2.2.3',
  severity: 'error',
  check: (state) => ofIds(state, LOOPS),
};

/** Bits that must be zero. */
export const reservedBits: Rule = {
  id: 'reserved-bits',
  title: 'Reserved bits are zero',
  why: 'The unit refuses every request that goes through an entry with a reserved bit set.',
  source: 'VT-d 4.1 chapter 9; 48882 rev 3.08 §2.2',
  severity: 'error',
  check: (state) => ofIds(state, RESERVED),
};

/** Fields with values that the unit does not support. */
export const fieldValues: Rule = {
  id: 'field-values',
  title: 'Fields hold values that the unit supports',
  why: 'The unit refuses requests that use such an entry, or reads a table where there is none.',
  source:
    'VT-d 4.1 chapter 9 with CAP and ECAP (§11.4); 48882 rev 3.08 §2.2 with the extended features',
  severity: 'error',
  check: (state) => ofIds(state, OTHER),
};
