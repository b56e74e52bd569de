/** Rules that a root, context, PASID or interrupt entry can break, as findings. */
import type { Words } from '../bits/layout.ts';
import { fieldValue, reservedSet, valueOf } from '../bits/layout.ts';
import type { Finding } from '../iommu/finding.ts';
import type { Entry } from '../iommu/unit.ts';
import type { Capabilities } from './capabilities.ts';
import { entryFinding } from './findings.ts';
import { beyondHost, entryReserved, unsupportedFields } from './reserved.ts';
import { CONTEXT_ENTRY, PASID_TABLE_ENTRY, SCALABLE_CONTEXT_ENTRY } from './tables.ts';

/** Whether reserved bits are set that the hardware looks at in this entry. */
export function hasReserved(entry: Entry, capabilities: Capabilities): boolean {
  const masks = entryReserved(capabilities, entry.layout);
  return masks.some((mask, word) => ((entry.words[word] ?? 0n) & mask) !== 0n);
}

/** One finding for all reserved bits that are set in a root, context or PASID entry. */
export function checkReserved(entry: Entry, capabilities: Capabilities): Finding[] {
  if (!hasReserved(entry, capabilities)) return [];
  const beyond = beyondHost(capabilities, 63);
  const wide = entry.layout.fields
    .filter(({ kind, pieces: [{ high }] }) => {
      const word = entry.words[Math.floor(high / 64)] ?? 0n;
      return kind === 'address' && high % 64 === 63 && (word & beyond) !== 0n;
    })
    .map(({ name }) => `${name} above the address width`);
  const unsupported = unsupportedFields(capabilities, entry.layout)
    .filter((field) => fieldValue(entry.words, field) !== 0n)
    .map(({ name }) => name);
  return [reservedFinding(entry, [...wide, ...unsupported])];
}

/** The same for an entry whose addresses are not the host's, or that has none. */
export function checkReservedFields(entry: Entry): Finding[] {
  return reservedSet(entry.layout, entry.words).length === 0 ? [] : [reservedFinding(entry, [])];
}

function reservedFinding(entry: Entry, more: readonly string[]): Finding {
  const set = reservedSet(entry.layout, entry.words).map(({ name }) =>
    name.replace('reserved', 'bits'),
  );
  const all = [...set, ...more];
  const text = `Reserved bits are set (${all.join(', ')}); the hardware refuses requests that use this entry.`;
  return { id: 'reserved-bits', ...entryFinding('error', entry.path, text, entry, all[0]) };
}

const finding = (id: string, entry: Entry, field: string, text: string): Finding => ({
  id,
  ...entryFinding('error', entry.path, text, entry, field),
});

/** What is wrong with a present context entry, of either mode. */
export function checkContext(entry: Entry, capabilities: Capabilities): Finding[] {
  const found = checkReserved(entry, capabilities);
  if (entry.layout === SCALABLE_CONTEXT_ENTRY) return found;
  const type = Number(valueOf(CONTEXT_ENTRY, entry.words, 'TT'));
  const levels = Number(valueOf(CONTEXT_ENTRY, entry.words, 'AW')) + 2;
  if (!capabilities.levels(levels))
    found.push(
      finding('address-width', entry, 'AW', `AW selects ${levels} levels, which the unit lacks.`),
    );
  if (!typeSupported(type, capabilities))
    found.push(
      finding('translation-type', entry, 'TT', `TT is ${type}, which the unit does not support.`),
    );
  found.push(...checkDomain(entry, capabilities));
  return found;
}

/** Whether a unit supports a context entry's translation type. */
export function typeSupported(type: number, capabilities: Capabilities): boolean {
  if (type === 0) return true;
  if (type === 1) return capabilities.deviceTlb;
  return type === 2 && capabilities.passThrough;
}

function checkDomain(entry: Entry, capabilities: Capabilities): Finding[] {
  const domain = Number(valueOf(entry.layout, entry.words, 'DID'));
  if (domain < 2 ** capabilities.domainBits) return [];
  const text = `Domain ${domain} has more than the ${capabilities.domainBits} bits that the unit supports.`;
  return [finding('domain-width', entry, 'DID', text)];
}

/** What is wrong with a present PASID table entry. */
export function checkPasidEntry(entry: Entry, capabilities: Capabilities): Finding[] {
  const found = checkReserved(entry, capabilities);
  const wrong = pasidInvalid(entry.words, capabilities);
  if (wrong) found.push(finding('pasid-entry', entry, wrong.field, wrong.text));
  found.push(...checkDomain(entry, capabilities));
  return found;
}

/**
 * Why the hardware refuses a present PASID table entry as invalid (reason 0x5b): a translation
 * type, second-stage width or first-stage mode that the unit does not support.
 */
export function pasidInvalid(
  words: Words,
  capabilities: Capabilities,
): { readonly field: string; readonly text: string } | undefined {
  const type = Number(valueOf(PASID_TABLE_ENTRY, words, 'PGTT'));
  const supported = [
    false,
    capabilities.firstStage,
    capabilities.secondStage,
    capabilities.nested,
    capabilities.passThrough,
  ][type];
  if (!supported)
    return { field: 'PGTT', text: `PGTT is ${type}, which the unit does not support.` };
  const levels = Number(valueOf(PASID_TABLE_ENTRY, words, 'AW')) + 2;
  if ((type === 2 || type === 3) && !capabilities.levels(levels))
    return { field: 'AW', text: `AW selects ${levels} levels, which the unit lacks.` };
  const mode = Number(valueOf(PASID_TABLE_ENTRY, words, 'FSPM'));
  if ((type === 1 || type === 3) && (mode > 1 || (mode === 1 && !capabilities.fiveLevelFirstStage)))
    return { field: 'FSPM', text: `First-stage paging mode ${mode} is not supported by the unit.` };
  return undefined;
}
