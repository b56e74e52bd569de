import { parseBdf } from '../../../core/format/bdf.ts';
import { hex, parseHex } from '../../../core/format/hex.ts';
import { formatCount } from '../../../core/format/size.ts';
import { deviceOfPath, goTo, selectLeaf, whoReaches } from '../../shell/go.ts';
import type { MenuItem, Workbench } from '../../state/workbench.ts';
import type { TreeModel } from './model.ts';

/** What was typed into the tables' own field. */
export type Place =
  /** A BDF, a unit or a path, also as a pasted link: the engine knows it. */
  | { readonly kind: 'named'; readonly text: string }
  | { readonly kind: 'request'; readonly bdf: string; readonly address: string }
  /** Of a device, or of memory. */
  | { readonly kind: 'address'; readonly address: string };

/** Reads `02:00.0`, `02:00.0 0xfffff000`, `0x13f2da000` or a link. */
export function readPlace(text: string): Place | undefined {
  const typed = text.trim();
  const [first = '', second, more] = typed.split(/\s+/);
  if (more !== undefined) return undefined;
  const address = parseHex(second ?? first);
  if (second !== undefined)
    return parseBdf(first) && address !== undefined
      ? { kind: 'request', bdf: first.toLowerCase(), address: hex(address) }
      : undefined;
  if (parseBdf(first) || /^[a-z]+\d+(?:\/|$)/.test(first) || first.includes('://'))
    return { kind: 'named', text: first };
  return address === undefined ? undefined : { kind: 'address', address: hex(address) };
}

/** Mappings that the menu of a physical address lists. */
const LISTED = 10;

/**
 * Takes the tree to a place; where an address may be a device's or memory's, a menu asks.
 * @returns why nothing was found, or undefined
 */
export async function findPlace(
  workbench: Workbench,
  tree: TreeModel,
  place: Place,
  how: { readonly at: { readonly x: number; readonly y: number }; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { engine } = workbench;
  if (place.kind === 'named') {
    const { places } = await engine.call('jump', { text: place.text }, how.signal);
    const found = places.find(({ panel }) => panel === 'tables');
    if (!found) return `nothing in the tables is called ${place.text}`;
    goTo(workbench, found.target, { focus: true, from: 'go-to' });
    tree.next(() => tree.reveal(found.target));
    return undefined;
  }
  if (place.kind === 'request') {
    await toLeaf(workbench, tree, { bdf: place.bdf, iova: place.address });
    return undefined;
  }
  const items = await choices(workbench, tree, place.address, how.signal);
  workbench.menu.set({ label: `Where ${place.address} is`, at: how.at, items });
  return undefined;
}

/** What an address may be: the selected device's own, or memory that others map. */
async function choices(
  workbench: Workbench,
  tree: TreeModel,
  address: string,
  signal: AbortSignal,
): Promise<MenuItem[]> {
  const items: MenuItem[] = [];
  const bdf =
    deviceOfPath(tree.state.get().path ?? '') ?? workbench.selection.last((each) => each.bdf);
  if (bdf !== undefined)
    items.push({
      title: `IOVA ${address} of ${bdf}`,
      detail: 'its walk',
      run: () => void toLeaf(workbench, tree, { bdf, iova: address }),
    });
  if (BigInt(address) < 1n << 52n) {
    const { rows, total } = await workbench.engine.call(
      'reverse',
      { address, from: 0, to: LISTED },
      signal,
    );
    for (const row of rows.filter(({ untranslated }) => !untranslated))
      items.push({
        title: `${row.bdf}${row.pasid === undefined ? '' : ` PASID ${row.pasid}`} maps it`,
        detail: `IOVA ${row.iova}`,
        run: () => void toLeaf(workbench, tree, row),
      });
    items.push({
      title:
        total > rows.length ? `All ${formatCount(total)} ways to reach it` : 'Who can reach it',
      run: () => whoReaches(workbench, address),
    });
    items.push({
      title: `Memory at ${address}`,
      run: () => goTo(workbench, address, { panel: 'memory', focus: true }),
    });
  }
  return items;
}

async function toLeaf(
  workbench: Workbench,
  tree: TreeModel,
  to: {
    readonly unit?: string;
    readonly bdf: string;
    readonly pasid?: number;
    readonly iova: string;
    readonly rights?: string;
  },
): Promise<void> {
  const access = to.rights === 'w' ? 'write' : 'read';
  const { unit, bdf, pasid, iova } = to;
  await selectLeaf(workbench, { unit, bdf, pasid, iova, access }, 'go-to');
  const { entry } = workbench.selection.current;
  if (entry !== undefined) tree.next(() => tree.reveal(entry));
  workbench.dock.focus('tables');
}
