/**
 * A second writing of a layout, taken from a source that is not ours: fields in the order of
 * their bits as `name:width` (`name` alone is one bit), `-:width` for bits that mean nothing. A
 * field in several pieces appears several times.
 */
import { readdirSync } from 'node:fs';
import type { Layout } from '../../core/bits/layout.ts';

export interface Tiling {
  readonly of: Layout;
  /** Where the positions come from. */
  readonly from: string;
  readonly bits: string;
}

const FREE = '-';

/** Who owns each bit by the written form. */
export function ownersOf(bits: string): string[] {
  return bits
    .trim()
    .split(/\s+/)
    .flatMap((each) => {
      const [, name, width = '1'] = /^(.+?)(?::(\d+))?$/.exec(each) ?? [];
      return new Array<string>(Number(width)).fill(name);
    });
}

/** Who owns each bit by the descriptor; reserved and ignored bits belong to nobody. */
export function ownersIn(of: Layout): string[] {
  const owners = new Array<string>(of.width).fill('');
  for (const each of of.fields)
    for (const { high, low } of each.pieces)
      owners.fill(
        each.kind === 'reserved' || each.kind === 'ignored' ? FREE : each.name.replace(/\s/g, '_'),
        low,
        high + 1,
      );
  return owners;
}

const isLayout = (value: unknown): value is Layout =>
  typeof value === 'object' && value !== null && 'fields' in value && 'byName' in value;

/** Every layout that the modules of a folder give away, alone or in a map. */
export async function exportedLayouts(folder: URL): Promise<Layout[]> {
  const found = new Set<Layout>();
  for (const file of readdirSync(folder)) {
    const module = (await import(new URL(file, folder).href)) as Record<string, unknown>;
    for (const value of Object.values(module)) {
      if (isLayout(value)) found.add(value);
      if (value instanceof Map)
        for (const each of value.values()) if (isLayout(each)) found.add(each);
    }
  }
  return [...found];
}
