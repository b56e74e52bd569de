import { z } from 'zod';
import { ChangeItem, DeviceItem, EntryInfo, Journal, TreeRow } from './items-tables.ts';
import {
  Access,
  BdfText,
  Count,
  FindingItem,
  Hex,
  Id,
  Nothing,
  Path,
  RightsText,
  WalkAnswer,
  Window,
} from './schema.ts';

/** Rows of a tree that are unfolded again in another one. */
export const MOST_UNFOLDED = 1000;

/** The tables: views of the tree, entries and changes to them, walks, what devices map. */
export const tableCalls = {
  /** A view of the tables with its own expansion; lives until `tree.close` or the view's end. */
  'tree.open': {
    request: z.object({ all: z.boolean() }),
    answer: z.object({ tree: Id, total: Count }),
  },
  'tree.close': { request: z.object({ tree: Id }), answer: Nothing },
  'tree.rows': {
    request: z.object({ tree: Id, ...Window }),
    answer: z.object({ total: Count, from: Count, generation: Count, rows: z.array(TreeRow) }),
  },
  'tree.expand': {
    request: z.object({
      tree: Id,
      path: Path,
      open: z.boolean(),
      subtree: z.boolean().optional(),
      /** Rows that are to come with the answer: those on the screen, without asking again. */
      show: z.object(Window).optional(),
    }),
    answer: z.object({
      total: Count,
      index: Count,
      rows: z.array(TreeRow).optional(),
      /** Of a subtree not everything was opened: it has more rows than are opened at a time. */
      cut: z.boolean(),
    }),
  },
  /**
   * Opens all parents of a path; answers its row, or that of the nearest one above it that is
   * there. -1 when no row stands for any part of it.
   */
  'tree.reveal': {
    request: z.object({ tree: Id, path: Path }),
    answer: z.object({
      total: Count,
      index: z.number().int().min(-1),
      /** Path of the row. */
      path: Path.optional(),
    }),
  },
  /** Rows that are unfolded, those above before those below: what another tree is to show again. */
  'tree.unfolded': {
    request: z.object({ tree: Id }),
    answer: z.object({ paths: z.array(Path) }),
  },
  /** Unfolds rows; one that is not there stays away. */
  'tree.unfold': {
    request: z.object({ tree: Id, paths: z.array(Path).max(MOST_UNFOLDED) }),
    answer: z.object({ total: Count }),
  },
  /** The next place of a kind before or behind a row, in the order of the tree; none at its end. */
  'tree.step': {
    request: z.object({
      tree: Id,
      to: z.enum(['finding', 'change']),
      by: z.union([z.literal(1), z.literal(-1)]),
      /** Where to start, without it the first (the last) there is. */
      from: Path.optional(),
    }),
    answer: z.object({ path: Path.optional() }),
  },
  /** Index of the next row that is named so (type-ahead), the last one followed by the first; -1 for none. */
  'tree.find': {
    request: z.object({ tree: Id, text: z.string().min(1).max(64), from: Count }),
    answer: z.object({ index: z.number().int().min(-1) }),
  },
  /** Puts another state beside the tree: rows say what differs there. Without one it goes. */
  'tree.against': {
    request: z.object({ tree: Id, state: Id.optional() }),
    answer: z.object({ total: Count }),
  },
  'tree.all': {
    request: z.object({ tree: Id, all: z.boolean() }),
    answer: z.object({ total: Count }),
  },
  /** Entries whose words differ from what they were when this view showed them first. */
  'tree.changes': {
    request: z.object({ tree: Id }),
    answer: z.object({
      total: Count,
      changes: z.array(z.object({ path: Path, was: z.string(), now: z.string() })),
    }),
  },
  /** What is there now counts as looked at. */
  'tree.seen': { request: z.object({ tree: Id }), answer: Nothing },
  /** An entry, of another state than the session's own too, beside what a further state has there. */
  'entry.get': {
    request: z.object({ path: Path, state: Id.optional(), against: Id.optional() }),
    answer: EntryInfo,
  },
  /** Changes one field in the overlay of captured memory, or in simulated memory. */
  'entry.poke': {
    request: z.object({ path: Path, field: z.string().max(64), value: Hex }),
    answer: z.object({ change: ChangeItem, entry: EntryInfo }),
  },
  'changes.list': { request: Nothing, answer: Journal },
  'changes.undo': { request: Nothing, answer: Journal },
  'changes.redo': { request: Nothing, answer: Journal },
  'findings.list': {
    request: z.object({ path: Path.optional() }),
    answer: z.object({
      findings: z.array(FindingItem),
      /** What could not be read, and what it stands below: often a page that the dump left out. */
      incomplete: z.array(z.object({ text: z.string(), at: z.string(), address: Hex.optional() })),
    }),
  },
  /**
   * The walk of an address; `text` may be a whole kernel line instead of the other fields. `fault`
   * names the fault whose request this is: its record tells whether the PASID was on the bus.
   */
  walk: {
    request: z.object({
      unit: z.string().optional(),
      bdf: BdfText.optional(),
      address: Hex.optional(),
      access: Access.optional(),
      pasid: Count.optional(),
      text: z.string().max(4096).optional(),
      fault: Count.optional(),
    }),
    answer: WalkAnswer,
  },
  /** Every device row of every unit, or of one. */
  'devices.list': {
    request: z.object({ unit: z.string().optional() }),
    answer: z.object({ devices: z.array(DeviceItem) }),
  },
  /**
   * A device's leaves from an input address on, so that a reader can go through millions of them
   * in pieces: `next` is where to go on, absent after the last.
   */
  'mappings.read': {
    request: z.object({
      unit: z.string(),
      bdf: BdfText,
      pasid: Count.optional(),
      from: Hex,
      count: z.number().int().min(1).max(65_536),
    }),
    answer: z.object({
      /** `[iova, pa, size, rights]` each. */
      leaves: z.array(z.tuple([Hex, Hex, Hex, RightsText])),
      next: Hex.optional(),
      incomplete: z.array(z.string()),
    }),
  },
} as const;
