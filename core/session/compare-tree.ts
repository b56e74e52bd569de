/** What differs between two states as a tree: unit, kind of table, entry, field. */
import type { Change, DiffValue } from '../explain/diff/change.ts';
import type { MappingDiff, StateDiff } from '../explain/diff/diff.ts';
import type { DiffRange, RangeList } from '../explain/diff/mappings.ts';
import { hex } from '../format/hex.ts';
import { formatCount, formatSize } from '../format/size.ts';
import { rightsText } from '../iommu/leaves.ts';
import { addressOfPfn } from '../memory/physical.ts';

export type Sign = 'added' | 'removed' | 'changed' | 'unknown';

export type Counts = Readonly<Record<Sign, number>>;

/** A node of the tree of differences. Its texts are what A and B say. */
export interface CompareNode {
  /** Unique in the tree, and stable: what a view remembers of its folds. */
  readonly key: string;
  readonly kind: 'unit' | 'group' | 'entry' | 'field' | 'list' | 'range' | 'note';
  readonly label: string;
  readonly sign: Sign;
  readonly a: string | undefined;
  readonly b: string | undefined;
  /** Path of the entry that it is about, in the names of A; absent where it is about none. */
  readonly path: string | undefined;
  /** Of a range: its first input page, whose leaf is the entry that it is about. */
  readonly page: number | undefined;
  /** Of a list of ranges: everybody whose requests go through the table. */
  readonly users: readonly string[];
  /** Entries that differ, here and below; of a list of ranges, the ranges. */
  readonly counts: Counts;
  readonly children: readonly CompareNode[];
}

const NOTHING: Counts = { added: 0, removed: 0, changed: 0, unknown: 0 };

const node = (
  parts: Pick<CompareNode, 'key' | 'kind' | 'label'> & Partial<CompareNode>,
): CompareNode => ({
  sign: 'changed',
  a: undefined,
  b: undefined,
  path: undefined,
  page: undefined,
  users: [],
  counts: NOTHING,
  children: [],
  ...parts,
});

/** The tree of what differs; empty when nothing does and nothing is missing. */
export function compareTree({ changes, mappings, missing }: StateDiff): readonly CompareNode[] {
  const units = new Map<string, Map<Group, Map<string, Found>>>();
  const found = (path: string): Found => {
    const name = path.split('/', 1)[0];
    const group = groupOf(path);
    const groups = units.get(name) ?? new Map<Group, Map<string, Found>>();
    units.set(name, groups);
    const entries = groups.get(group) ?? new Map<string, Found>();
    groups.set(group, entries);
    const entry = entries.get(path) ?? { changes: [], mappings: [] };
    entries.set(path, entry);
    return entry;
  };
  for (const change of changes) found(change.path).changes.push(change);
  for (const diff of mappings) found(diff.path).mappings.push(diff);
  const roots = [...units].map(([name, groups]) => unitNode(name, groups));
  if (missing.length === 0) return roots;
  const notes = missing.map(({ side, path, text }, index) =>
    node({
      key: `missing ${index}`,
      kind: 'note',
      label: text,
      sign: 'unknown',
      path: side === 'b' ? path : undefined,
      counts: { ...NOTHING, unknown: 1 },
    }),
  );
  return [
    ...roots,
    node({
      key: 'missing',
      kind: 'group',
      label: 'Not comparable',
      sign: 'unknown',
      counts: sum(notes),
      children: notes,
    }),
  ];
}

/** All entries that differ, without their fields, in the tree's order. */
export function changedEntries(roots: readonly CompareNode[]): CompareNode[] {
  return roots.flatMap((each) =>
    each.kind === 'entry' ? [each] : each.kind === 'note' ? [] : changedEntries(each.children),
  );
}

/** What is known of one entry. */
interface Found {
  readonly changes: Change[];
  readonly mappings: MappingDiff[];
}

const GROUPS = {
  unit: 'Unit',
  registers: 'Registers',
  root: 'Root table',
  devices: 'Devices',
  irq: 'Interrupt remapping',
} as const;
type Group = keyof typeof GROUPS;

function groupOf(path: string): Group {
  const second = path.split('/')[1];
  if (second === undefined) return 'unit';
  if (second === 'registers' || second === 'irq') return second;
  return second.startsWith('bus.') ? 'root' : 'devices';
}

function unitNode(
  name: string,
  groups: ReadonlyMap<Group, ReadonlyMap<string, Found>>,
): CompareNode {
  const children: CompareNode[] = [];
  for (const group of Object.keys(GROUPS) as Group[]) {
    const entries = groups.get(group);
    if (!entries) continue;
    const nodes = [...entries].map(([path, each]) => entryNode(path, each));
    if (group === 'unit') children.push(...nodes);
    else
      children.push(
        node({
          key: `group ${name}/${group}`,
          kind: 'group',
          label: GROUPS[group],
          counts: sum(nodes),
          children: nodes,
        }),
      );
  }
  return node({ key: `unit ${name}`, kind: 'unit', label: name, counts: sum(children), children });
}

function entryNode(path: string, { changes, mappings }: Found): CompareNode {
  const present = changes.find(({ field }) => field === 'present');
  const sign: Sign = present ? (present.b === true ? 'added' : 'removed') : 'changed';
  const fields = changes
    .filter((change) => change !== present)
    .map(({ field, a, b }) =>
      node({
        key: `${path} ${field}`,
        kind: 'field',
        label: LABELS[field] ?? field,
        a: valueText(field, a),
        b: valueText(field, b),
        path,
      }),
    );
  const lists = mappings.flatMap((diff) => mappingNodes(path, diff));
  return node({
    key: path,
    kind: 'entry',
    label: labelOf(path),
    sign,
    a: sign === 'added' ? undefined : summary([...fields, ...lists], 'a'),
    b: sign === 'removed' ? undefined : summary([...fields, ...lists], 'b'),
    path,
    counts: { ...NOTHING, [sign]: 1 },
    children: [...fields, ...lists],
  });
}

/** Fields that a folded entry names. */
const NAMED = 3;

function summary(fields: readonly CompareNode[], side: 'a' | 'b'): string | undefined {
  const texts = fields
    .slice(0, NAMED)
    .flatMap((field) => (field[side] === undefined ? [] : [`${field.label} ${field[side]}`]));
  if (fields.length > NAMED) texts.push('…');
  return texts.length === 0 ? undefined : texts.join(', ');
}

const KINDS = [
  ['removed', 'Mappings removed'],
  ['added', 'Mappings added'],
  ['changed', 'Mappings changed'],
  ['unknown', 'Mappings not known in the other state'],
] as const;

function mappingNodes(path: string, diff: MappingDiff): CompareNode[] {
  return KINDS.flatMap(([sign, label]) => {
    const list = diff[sign];
    if (list.count === 0) return [];
    const text = `${formatCount(list.count)} ${list.count === 1 ? 'range' : 'ranges'}, ${formatSize(list.pages * 4096)}`;
    const key = `${path} ${sign}`;
    return [
      node({
        key,
        kind: 'list',
        label: diff.devices.length > 1 ? `${label} (${diff.devices.join(', ')})` : label,
        sign,
        a: sign === 'added' ? undefined : text,
        b: sign === 'removed' ? undefined : text,
        path,
        users: diff.devices,
        counts: { ...NOTHING, [sign]: list.count },
        children: rangeNodes(key, path, sign, list),
      }),
    ];
  });
}

function rangeNodes(key: string, path: string, sign: Sign, list: RangeList): CompareNode[] {
  const nodes = list.ranges.map((range) => {
    const now = target(range);
    const was = range.was && target({ ...range, ...range.was });
    return node({
      key: `${key} ${range.iova}`,
      kind: 'range',
      label: `${address(range.iova)}–${hex((BigInt(range.iova + range.pages) << 12n) - 1n)}`,
      sign,
      a: sign === 'removed' || sign === 'unknown' ? now : was,
      b: sign === 'removed' || sign === 'unknown' ? undefined : now,
      path,
      page: range.iova,
    });
  });
  const more = list.count - list.ranges.length;
  if (more > 0)
    nodes.push(
      node({
        key: `${key} more`,
        kind: 'note',
        label: `${formatCount(more)} ${more === 1 ? 'range more is' : 'ranges more are'} not listed`,
        sign,
      }),
    );
  return nodes;
}

const address = (frames: number): string => hex(addressOfPfn(frames));

function target({ pa, rights, pages }: Omit<DiffRange, 'was'>): string {
  const size = pages === 1 ? '' : ` ${formatSize(pages * 4096)}`;
  return `${address(pa)} ${rightsText(rights)}${size}`;
}

/** Names of the rows' own fields; others have the specification's. */
const LABELS: Readonly<Record<string, string | undefined>> = {
  translation: 'Translation',
  translationEnabled: 'Translation enabled',
  domain: 'Domain',
  levels: 'Levels',
  pageTable: 'Page table',
  mode: 'Mode',
  rootTable: 'Root table',
  queue: 'Invalidation Queue',
  deviceTable: 'Device table',
  capacity: 'Entries',
  interruptFormat: 'Interrupt entry bits',
  commandBuffer: 'Command buffer',
  eventLog: 'Event log',
  rights: 'Rights',
  valid: 'Valid',
  translationValid: 'Translation valid',
  interruptMapValid: 'Interrupt map valid',
  interruptTable: 'Interrupt table',
  interruptCapacity: 'Interrupt entries',
  guestCr3Table: 'Guest CR3 table',
  table: 'Table',
  vector: 'Vector',
  destination: 'Destination',
  source: 'Source',
  posted: 'Posted',
  raw: 'Words',
};

/** Numbers that are counted in tens, by the names of the rows' own fields. */
const DECIMAL = new Set(['domain', 'levels', 'mode', 'capacity', 'interruptCapacity']);

function valueText(field: string, value: DiffValue): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' && value > 9 && !DECIMAL.has(field))
    return `${hex(BigInt(value))} (${value})`;
  return String(value);
}

/** `00:06.0`, `00:06.0 PASID 3`, `bus 0x00`, `IRTE 42`: an entry as its row names it. */
function labelOf(path: string): string {
  const parts = path.split('/').slice(1);
  if (parts.length === 0) return 'Unit';
  const bus = /^bus\.([0-9a-f]{2})$/.exec(parts[0]);
  if (bus) return `bus 0x${bus[1]}`;
  if (parts[0] === 'registers') return parts.slice(1).join(' ');
  if (parts[0] === 'irq')
    return parts.length === 1
      ? 'Interrupt Remapping Table'
      : parts
          .slice(1)
          .map((part, _at, all) =>
            /^\d+$/.test(part) ? `IRTE ${part}` : all.length === 1 ? `${part} table` : part,
          )
          .join(' ');
  return parts.map((part) => part.replace(/^pasid\./, 'PASID ')).join(' ');
}

function sum(nodes: readonly Pick<CompareNode, 'counts'>[]): Counts {
  const all = { ...NOTHING };
  for (const { counts } of nodes)
    for (const sign of Object.keys(all) as Sign[]) all[sign] += counts[sign];
  return all;
}
