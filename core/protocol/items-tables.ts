// The tables: rows of the tree, entries, changes, devices.
import { z } from 'zod';
import {
  BdfText,
  Count,
  FieldItem,
  FindingItem,
  Hex,
  Id,
  Path,
  RightsText,
  Severity,
} from './schema.ts';

export const TreeRow = z.object({
  path: Path,
  depth: Count,
  label: z.string(),
  /** Driver or device name that follows the label. */
  note: z.string().optional(),
  kind: z.enum(['unit', 'table', 'entry', 'run', 'leaf', 'queue', 'missing']),
  expandable: z.boolean(),
  expanded: z.boolean(),
  /** For ARIA: true counts, 1-based. */
  setSize: Count,
  position: Count,
  hasEntry: z.boolean(),
  pointsTo: Hex.optional(),
  /** The raw words of the row's entry. */
  words: z.array(Hex).optional(),
  decoded: z.string(),
  rights: RightsText.optional(),
  present: z.boolean(),
  findings: z.object({ count: Count, worst: Severity }).optional(),
  /**
   * Its former meaning, when the entry was changed here or since the view looked at it first, or is
   * another in the state beside it.
   */
  changed: z.string().optional(),
  /** Entries below it that were changed, or are others in the state beside it; absent for none. */
  changedBelow: Count.optional(),
});
export type TreeRow = z.infer<typeof TreeRow>;

export const EntryInfo = z.object({
  path: Path,
  title: z.string(),
  layout: z.string(),
  spec: z.string(),
  /** Bits. */
  width: Count,
  address: Hex,
  words: z.array(Hex),
  /** The words before the changes made here, or those of the other state, when they differ. */
  was: z.array(Hex).optional(),
  /** The other state that was asked for. */
  other: z
    .object({
      state: Id,
      name: z.string(),
      /** Why its fields can't stand beside these: it has no such entry, or one of another layout. */
      note: z.string().optional(),
    })
    .optional(),
  fields: z.array(FieldItem),
  reachedFrom: z.object({ path: Path, label: z.string() }).optional(),
  pointsTo: z
    .object({
      address: Hex,
      label: z.string(),
      path: Path.optional(),
      /** Of a device's page table: other devices that use it. */
      usedBy: z.array(BdfText).optional(),
    })
    .optional(),
  findings: z.array(FindingItem),
  /** Where the bytes come from: `vmcore at file offset 0x…`, `simulated memory`. */
  origin: z.string(),
  writable: z.boolean(),
  mentionedIn: z.object({
    /** Faults of its device; of a page-table entry those whose addresses are below it. */
    faults: Count,
    /** The filter of Faults that passes these. */
    filter: z.string(),
    /** Its device, of which console lines tell; absent for an entry of page tables. */
    device: BdfText.optional(),
    notes: Count,
  }),
});
export type EntryInfo = z.infer<typeof EntryInfo>;

export const ChangeItem = z.object({
  id: Count,
  /** The world it was made in: `captured` or a simulated unit's name. */
  world: z.string(),
  path: Path.optional(),
  text: z.string(),
  address: Hex,
  before: z.string(),
  after: z.string(),
});
export type ChangeItem = z.infer<typeof ChangeItem>;

export const Journal = z.object({
  changes: z.array(ChangeItem),
  canUndo: z.boolean(),
  canRedo: z.boolean(),
});

/** One requester (and PASID), and what its unit does with its requests. */
export const DeviceItem = z.object({
  unit: z.string(),
  bdf: BdfText,
  pasid: Count.optional(),
  driver: z.string().optional(),
  translation: z.string(),
  domain: Count.optional(),
  levels: Count.optional(),
  pageTable: Hex.optional(),
  /** Path of the entry that decides: context, PASID table or device table entry. */
  path: Path,
});
export type DeviceItem = z.infer<typeof DeviceItem>;
