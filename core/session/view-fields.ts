import { decode, fieldValue } from '../bits/layout.ts';
import type { DecodedField, Field, Layout, Words } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import type { Evidence, Finding } from '../iommu/finding.ts';
import type { EvidenceItem, FieldItem, FindingItem } from '../protocol/schema.ts';

/** A field's value as a person reads it: its name, an address, a decimal count. */
function fieldText({ field, value, valueName }: DecodedField): string {
  if (valueName !== undefined) return valueName;
  switch (field.kind) {
    case 'address':
      return hex(value << BigInt(field.shift));
    case 'flag':
      return value === 0n ? 'clear' : 'set';
    case 'number':
    case 'index':
      return field.width <= 32 ? value.toString() : hex(value);
    case 'bdf':
      return formatBdf(Number(value));
    default:
      return hex(value);
  }
}

/** Every field of a structure for the window; `before` are its words without the changes made. */
export function fieldItems(layout: Layout, words: Words, before?: Words): FieldItem[] {
  return decode(layout, words).map((decoded) => {
    const { field, value } = decoded;
    const former = before && fieldValue(before, field);
    const was = former === value ? undefined : former;
    return {
      name: field.name,
      pieces: field.pieces.map(({ high, low }) => ({ high, low })),
      kind: field.kind,
      value: hex(value),
      text: fieldText(decoded),
      meaning: field.meaning,
      spec: field.spec ?? layout.spec,
      access: field.access,
      violated: field.kind === 'reserved' && value !== 0n,
      was: was === undefined ? undefined : hex(was),
      wasText:
        was === undefined
          ? undefined
          : fieldText({ field, value: was, valueName: field.values.get(Number(was)) }),
    };
  });
}

/** Fields that differ between two states of one structure, in the layout's order. */
function changedFields(layout: Layout, before: Words, after: Words): Field[] {
  return layout.fields.filter((field) => fieldValue(before, field) !== fieldValue(after, field));
}

/**
 * `P was 0x1, SSPTPTR was 0x13f1c4000`: what an entry said before it was changed. An entry that is
 * zero is one that is not there, in every table.
 */
export function formerMeaning(layout: Layout, before: Words, after: Words): string {
  if (layout.fields.every((field) => fieldValue(before, field) === 0n)) return 'was not present';
  const fields = changedFields(layout, before, after);
  // What is short and means most comes first: a domain before an address.
  const isAddress = ({ kind }: Field): number => Number(kind === 'address');
  return fields
    .sort((a, b) => isAddress(a) - isAddress(b))
    .map((field) => {
      const value = fieldValue(before, field);
      const text = fieldText({ field, value, valueName: field.values.get(Number(value)) });
      return `${field.name} was ${text}`;
    })
    .join(', ');
}

/** `P 0x1 → 0x0`: a change in field names, for the journal. */
export function changeText(field: Field, before: bigint, after: bigint): string {
  const text = (value: bigint): string =>
    hex(field.kind === 'address' ? value << BigInt(field.shift) : value);
  return `${field.name} ${text(before)} → ${text(after)}`;
}

/** A piece of evidence in the shape of the contract. */
export function evidenceItem(evidence: Evidence): EvidenceItem {
  return {
    what: evidence.what,
    address: evidence.address === undefined ? undefined : hex(evidence.address),
    raw: evidence.words?.map((word) => hex(word)),
    field: evidence.field,
    meaning: evidence.meaning,
  };
}

/** A finding in the shape of the contract. */
export function findingItem(finding: Finding): FindingItem {
  return {
    severity: finding.severity,
    id: finding.id,
    at: finding.at,
    text: finding.text,
    evidence: finding.evidence.map(evidenceItem),
  };
}
