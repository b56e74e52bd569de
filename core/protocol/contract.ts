import { z } from 'zod';
import { Armed, consoleCalls, ConsoleLog } from './contract-console.ts';
import { faultListCalls } from './contract-faults.ts';
import { mapCalls } from './contract-map.ts';
import { notesCalls } from './contract-notes.ts';
import { sessionsCalls } from './contract-sessions.ts';
import { timelineCalls } from './contract-timeline.ts';
import { auditCalls } from './contract-audit.ts';
import { compareCalls } from './contract-compare.ts';
import { scanCalls } from './contract-scan.ts';
import { LookedFor, stateCalls } from './contract-states.ts';
import {
  Access,
  Base64,
  BdfText,
  Count,
  EvidenceItem,
  FaultItem,
  FieldItem,
  FindingItem,
  Hex,
  Id,
  Latin1,
  Path,
  RightsText,
  Severity,
  WalkAnswer,
  Window,
} from './schema.ts';

/**
 * The one contract between the engine and every view of it: *calls* (request, answer, cancel) and
 * *feeds* (a subscription with credit: the engine sends only as many items as the view granted,
 * and coalesces what it may). Both ends check every message against these schemas.
 */

// ---- the session ---------------------------------------------------------------------------

export const SourceInfo = z.object({
  id: Id,
  /** File name or port, as text: never markup. */
  name: z.string(),
  kind: z.enum(['dump', 'log', 'console', 'registers', 'simulated', 'other']),
  /** `ELF, filtered`, `replay`, `connected`. */
  detail: z.string(),
  state: z.enum(['ready', 'partial', 'failed', 'live', 'ended']),
  bytes: Count.optional(),
  /** Where the file was when the session had it, and is not now: see `session.locate`. */
  missing: z.string().optional(),
});
export type SourceInfo = z.infer<typeof SourceInfo>;

export const UnitInfo = z.object({
  /** `dmar0`, `ivhd0`, `sim0`; unique in the session and the first part of its paths. */
  name: z.string(),
  vendor: z.enum(['intel', 'amd']),
  mode: z.string(),
  segment: Count,
  base: Hex.optional(),
  /** Where register values come from: kernel, file, target, simulated, none. */
  from: z.enum(['kernel', 'file', 'target', 'simulated', 'none']),
  translationEnabled: z.boolean().optional(),
});
export type UnitInfo = z.infer<typeof UnitInfo>;

export const ConsoleInfo = z.object({
  id: Id,
  name: z.string(),
  kind: z.enum(['replay', 'serial', 'tcp', 'log']),
  /** The words of the status: `replay, ended`, `connected`, `disconnected: <reason>`. */
  status: z.string(),
  state: z.enum(['connecting', 'live', 'paused', 'ended', 'failed']),
  lines: Count,
  bytes: Count,
  /** Settings for the bar: `115200 8n1`. */
  settings: z.string(),
  /** Whether what is typed reaches the target now. */
  canWrite: z.boolean(),
  /** Whether it would when writes were armed. */
  canArm: z.boolean().optional(),
  /** Seconds until a lost port is tried again. */
  retry: Count.optional(),
  /** The file that it is logged to. */
  log: ConsoleLog.optional(),
  replay: z
    .object({ position: z.number(), duration: z.number(), speed: z.number(), playing: z.boolean() })
    .optional(),
});
export type ConsoleInfo = z.infer<typeof ConsoleInfo>;

export const SessionInfo = z.object({
  /** Which session it is: another one has another id. */
  id: Id,
  title: z.string(),
  /** Name of the machine that the engine runs on. */
  host: z.string(),
  shell: z.enum(['electron', 'browser', 'direct']),
  empty: z.boolean(),
  /** What is open is the bundled sample: something else takes its place. */
  sample: z.boolean(),
  sources: z.array(SourceInfo),
  units: z.array(UnitInfo),
  consoles: z.array(ConsoleInfo),
  counts: z.object({
    faults: Count,
    findings: Count,
    changes: Count,
    notes: Count,
    ...LookedFor.shape,
  }),
  /** What was not as the session remembers it, in sentences. */
  problems: z.array(z.string()),
  worstFinding: Severity.optional(),
  /** Grows whenever tables, registers or memory changed: views ask again. */
  generation: Count,
  /** Whether the dump says where its kernel is; absent without a dump. */
  vmcoreinfo: z.boolean().optional(),
  /** Width of physical addresses, bits, for padded columns. */
  addressBits: Count,
  canUndo: z.boolean(),
  canRedo: z.boolean(),
  /** The target of which writes are armed. */
  armed: Armed.optional(),
  jobs: z.array(
    z.object({ id: Id, name: z.string(), percent: z.number().optional(), detail: z.string() }),
  ),
});
export type SessionInfo = z.infer<typeof SessionInfo>;

// ---- tables --------------------------------------------------------------------------------

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
  pointsTo: z.object({ address: Hex, label: z.string(), path: Path.optional() }).optional(),
  findings: z.array(FindingItem),
  /** Where the bytes come from: `vmcore at file offset 0x…`, `simulated memory`. */
  origin: z.string(),
  writable: z.boolean(),
  mentionedIn: z.object({ faults: Count, notes: Count }),
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

const Journal = z.object({
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

// ---- faults --------------------------------------------------------------------------------

export const FaultGrouping = z.enum(['none', 'device-reason', 'device', 'reason', 'page']);
export type FaultGrouping = z.infer<typeof FaultGrouping>;

export const FaultRow = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('group'),
    key: z.string(),
    expanded: z.boolean(),
    count: Count,
    /** 1 for a reason's group inside a device's. */
    depth: Count.optional(),
    /** The group's first fault; its verdict is the worst of the group's. */
    first: FaultItem,
    /** Distinct reasons, where it is more than one. */
    reasons: Count.optional(),
    accesses: z.array(z.enum(['read', 'write', 'interrupt'])),
    /** Distinct pages. */
    pages: Count,
  }),
  z.object({
    kind: z.literal('fault'),
    inGroup: z.boolean(),
    /** Groups that it stands in. */
    depth: Count.optional(),
    fault: FaultItem,
  }),
]);
export type FaultRow = z.infer<typeof FaultRow>;

export const FaultsAnswer = z.object({
  /** All faults, those that pass the filter, and rows in this view (groups included). */
  all: Count,
  passed: Count,
  total: Count,
  from: Count,
  rows: z.array(FaultRow),
  /** The reason a filter text is not understood, with the character it is about. */
  filterError: z.object({ text: z.string(), at: Count }).optional(),
  logLines: Count,
  /** Lower bound: the unit dropped faults, or the kernel suppressed lines. */
  lowerBound: z.string().optional(),
});
export type FaultsAnswer = z.infer<typeof FaultsAnswer>;

export const ExplainAnswer = z.object({
  fault: FaultItem,
  /** Who, what, where: `00:06.0 (edu) was refused a DMA read at 0x1f00000`. */
  sentence: z.string(),
  unit: z.string().optional(),
  verdict: z.object({
    id: z.string(),
    title: z.string(),
    severity: Severity,
    text: z.string(),
    confidence: z.enum(['strong', 'fair', 'weak']),
    /** Checks behind the confidence. */
    checks: z.array(z.object({ text: z.string(), passed: z.boolean().optional() })),
    disprove: z.string(),
  }),
  tablesSay: z.string(),
  hardwareSaid: z.string(),
  walk: WalkAnswer.optional(),
  evidence: z.array(EvidenceItem),
  fixes: z.array(z.object({ id: z.string(), text: z.string(), source: z.string() })),
  /** Where the kernel's words mislead. */
  notes: z.array(z.string()).optional(),
  /** What the log says of the hand-off before the fault, in one sentence. */
  story: z.string().optional(),
});
export type ExplainAnswer = z.infer<typeof ExplainAnswer>;

// ---- console -------------------------------------------------------------------------------

/** A marked line of a console. */
export const LineMark = z.object({
  /** 1-based. */
  line: Count,
  kind: z.enum(['fault', 'status', 'phase', 'panic', 'bring-up', 'hand-off', 'note']),
  severity: z.enum(['error', 'warning', 'note', 'ok']),
  /** Decoded meaning for the tip. */
  text: z.string(),
  fault: Count.optional(),
});
export type LineMark = z.infer<typeof LineMark>;

export const ConsoleChunk = z.object({
  /** Byte offset of the first byte of `data` in the console's record. */
  offset: Count,
  data: Latin1,
  /** Lines that start in this chunk: 1-based number, and seconds since the console's start. */
  lines: z.array(z.object({ line: Count, at: z.number(), kernelTime: z.number().optional() })),
  marks: z.array(LineMark),
});
export type ConsoleChunk = z.infer<typeof ConsoleChunk>;

export const PhaseItem = z.object({
  line: Count,
  time: z.number().optional(),
  /** Seconds on the one axis of `faults.rate`, where a later kernel follows the one before it. */
  at: z.number().optional(),
  kernel: Count,
  phase: z.string(),
  text: z.string(),
});
export type PhaseItem = z.infer<typeof PhaseItem>;

// ---- registers, memory, machine -------------------------------------------------------------

export const RegisterItem = z.object({
  name: z.string(),
  title: z.string(),
  offset: Hex,
  width: Count,
  /** Absent: nobody read it. */
  value: Hex.optional(),
  source: z.enum(['kernel copy', 'file', 'target', 'simulated']).optional(),
  was: Hex.optional(),
  decoded: z.string(),
  fields: z.array(FieldItem),
  spec: z.string(),
});
export type RegisterItem = z.infer<typeof RegisterItem>;

export const MachineEvent = z.object({
  n: Count,
  kind: z.string(),
  text: z.string(),
});
export type MachineEvent = z.infer<typeof MachineEvent>;

// ---- hand-off ------------------------------------------------------------------------------

export const HandoffOutcome = z.enum([
  'dump saved',
  'dump damaged',
  'device lost',
  'faults',
  'nothing',
]);

export const HandoffStep = z.object({
  n: Count,
  lane: z.enum(['old kernel', 'device', 'iommu', 'tables', 'kdump kernel']),
  title: z.string(),
  text: z.string(),
  events: z.array(MachineEvent),
  /** Console lines printed up to and including this step. */
  consoleLines: Count,
  /** What stands in memory and what the unit holds, row by row. */
  state: z.array(
    z.object({ what: z.string(), memory: z.string(), cached: z.string(), differs: z.boolean() }),
  ),
  deciding: z.boolean(),
});
export type HandoffStep = z.infer<typeof HandoffStep>;

export const HandoffStory = z.object({
  scenario: z.string(),
  strategy: z.string(),
  seed: Count,
  outcome: HandoffOutcome,
  verdict: z.string(),
  faults: Count,
  console: z.array(z.string()),
  steps: z.array(HandoffStep),
  whatWouldChange: z.array(z.string()),
});
export type HandoffStory = z.infer<typeof HandoffStory>;

// ---- scripts -------------------------------------------------------------------------------

/** One piece of a script's output. Addresses are hexadecimal text. */
export const ScriptOutput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('print'), text: z.string() }),
  z.object({
    kind: z.literal('table'),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string())),
    /** Rows that were produced and not sent. */
    dropped: Count,
  }),
  z.object({ kind: z.literal('value'), text: z.string() }),
  z.object({
    kind: z.literal('error'),
    text: z.string(),
    /** Line and column of the TypeScript, 1-based. */
    line: Count.optional(),
    column: Count.optional(),
  }),
  z.object({
    kind: z.literal('done'),
    state: z.enum(['finished', 'failed', 'stopped', 'limit']),
    seconds: z.number(),
  }),
]);
export type ScriptOutput = z.infer<typeof ScriptOutput>;

// ---- the tables of calls and feeds -----------------------------------------------------------

const Nothing = z.object({});

/** Every call: what goes in and what comes back. */
export const calls = {
  ...auditCalls,
  ...compareCalls,
  ...scanCalls,
  ...stateCalls,
  'session.get': { request: Nothing, answer: SessionInfo },
  /** Opens files of the host; what each is, is found from its content. */
  'session.open': {
    request: z.object({
      paths: z.array(z.string().min(1).max(4096)).min(1).max(64),
      add: z.boolean(),
    }),
    answer: SessionInfo,
  },
  /** The bundled crash: its dump, and its console as a replay that plays or stands at its end. */
  'session.openSample': {
    request: z.object({ replay: z.enum(['play', 'end']).optional() }),
    answer: SessionInfo,
  },
  /** Text pasted by a person: a log, a register file. */
  'session.openText': {
    request: z.object({
      name: z.string().max(200),
      text: z.string().max(32 << 20),
      add: z.boolean(),
    }),
    answer: SessionInfo,
  },
  'session.close': { request: z.object({ source: Id.optional() }), answer: SessionInfo },
  ...notesCalls,
  ...sessionsCalls,
  /** A folder of the host, for browser mode's open dialog. */
  'files.list': {
    request: z.object({ path: z.string().max(4096).optional() }),
    answer: z.object({
      path: z.string(),
      parent: z.string().optional(),
      entries: z.array(
        z.object({ name: z.string(), kind: z.enum(['folder', 'file']), bytes: Count.optional() }),
      ),
    }),
  },
  inspect: {
    request: Nothing,
    answer: z.object({
      groups: z.array(
        z.object({
          title: z.string(),
          rows: z.array(z.object({ name: z.string(), value: z.string() })),
        }),
      ),
      findings: z.array(FindingItem),
    }),
  },
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
    request: z.object({ tree: Id, path: Path, open: z.boolean(), subtree: z.boolean().optional() }),
    answer: z.object({ total: Count, index: Count }),
  },
  /** Opens all parents of a path; answers its row, or -1 when it names nothing. */
  'tree.reveal': {
    request: z.object({ tree: Id, path: Path }),
    answer: z.object({ total: Count, index: z.number().int().min(-1) }),
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
    answer: z.object({ findings: z.array(FindingItem), incomplete: z.array(z.string()) }),
  },
  /** The walk of an address; `text` may be a whole kernel line instead of the other fields. */
  walk: {
    request: z.object({
      unit: z.string().optional(),
      bdf: BdfText.optional(),
      address: Hex.optional(),
      access: Access.optional(),
      pasid: Count.optional(),
      text: z.string().max(4096).optional(),
    }),
    answer: WalkAnswer,
  },
  'faults.rows': {
    request: z.object({
      filter: z.string().max(2000),
      group: FaultGrouping,
      /** Keys of groups that are folded. */
      folded: z.array(z.string()).max(10_000),
      sort: z.enum(['order', 'worst', 'count', 'address', 'reason', 'device']),
      ...Window,
    }),
    answer: FaultsAnswer,
  },
  /** Faults per bin over the log's time, for the rate chart. */
  'faults.rate': {
    request: z.object({ filter: z.string().max(2000), bins: z.number().int().min(1).max(2000) }),
    answer: z.object({
      /** Seconds; a later kernel's clock begins where the one before it was seen last. */
      start: z.number(),
      end: z.number(),
      read: z.array(Count),
      write: z.array(Count),
      interrupt: z.array(Count),
    }),
  },
  explain: { request: z.object({ fault: Count }), answer: ExplainAnswer },
  'phases.list': { request: Nothing, answer: z.object({ phases: z.array(PhaseItem) }) },
  'serial.ports': {
    request: Nothing,
    answer: z.object({
      ports: z.array(z.object({ path: z.string(), name: z.string() })),
      /** Why the list may be short. */
      note: z.string().optional(),
    }),
  },
  'console.connect': {
    request: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('serial'),
        path: z.string().min(1).max(4096),
        baud: z.number().int().min(50).max(4_000_000),
        dataBits: z.union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)]),
        parity: z.enum(['none', 'even', 'odd']),
        stopBits: z.union([z.literal(1), z.literal(2)]),
        /** Whether typing reaches the target without arming writes. */
        typing: z.boolean(),
      }),
      z.object({ kind: z.literal('replay'), path: z.string().min(1).max(4096), speed: z.number() }),
    ]),
    answer: z.object({ console: Id }),
  },
  'console.disconnect': { request: z.object({ console: Id }), answer: Nothing },
  'console.write': { request: z.object({ console: Id, data: Latin1 }), answer: Nothing },
  'console.replay': {
    request: z.object({
      console: Id,
      action: z.enum(['play', 'pause', 'restart', 'end', 'speed']),
      speed: z.number().positive().max(1e6).optional(),
    }),
    answer: ConsoleInfo,
  },
  /** Lines of a console's record, for search results and marked lines. */
  'console.lines': {
    request: z.object({ console: Id, ...Window }),
    answer: z.object({
      total: Count,
      from: Count,
      lines: z.array(z.object({ line: Count, text: z.string(), mark: LineMark.optional() })),
    }),
  },
  'registers.get': {
    request: z.object({ unit: z.string() }),
    answer: z.object({
      unit: UnitInfo,
      registers: z.array(RegisterItem),
      note: z.string().optional(),
    }),
  },
  /** Simulated units only: a write with the effect that hardware gives it. */
  'registers.write': {
    request: z.object({
      unit: z.string(),
      offset: Hex,
      width: z.union([z.literal(32), z.literal(64)]),
      value: Hex,
    }),
    answer: z.object({ registers: z.array(RegisterItem), events: z.array(MachineEvent) }),
  },
  'registers.decode': {
    request: z.object({ vendor: z.enum(['intel', 'amd']), name: z.string().max(64), value: Hex }),
    answer: z.object({ register: RegisterItem }),
  },
  /** Physical memory as hex view and structure overlay. */
  'memory.read': {
    request: z.object({
      unit: z.string().optional(),
      address: Hex,
      length: z.number().int().min(1).max(65_536),
    }),
    answer: z.object({
      pages: z.array(
        z.object({
          address: Hex,
          provenance: z.enum(['present', 'zero', 'excluded', 'absent', 'failed', 'pending']),
          note: z.string(),
          bytes: Base64.optional(),
        }),
      ),
    }),
  },
  /** Puts a simulated machine beside what is open. */
  'machine.add': { request: Nothing, answer: SessionInfo },
  'machine.dma': {
    request: z.object({
      unit: z.string(),
      bdf: BdfText,
      address: Hex,
      length: z
        .number()
        .int()
        .min(1)
        .max(1 << 20),
      access: Access,
    }),
    answer: z.object({ outcome: z.string(), ok: z.boolean(), events: z.array(MachineEvent) }),
  },
  'handoff.list': {
    request: Nothing,
    answer: z.object({
      scenarios: z.array(
        z.object({ id: z.string(), title: z.string(), text: z.string(), source: z.string() }),
      ),
      strategies: z.array(
        z.object({ id: z.string(), title: z.string(), text: z.string(), source: z.string() }),
      ),
    }),
  },
  'handoff.run': {
    request: z.object({ scenario: z.string(), strategy: z.string(), seed: Count }),
    answer: HandoffStory,
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
  'script.stop': { request: z.object({ run: Id }), answer: Nothing },
  /** TypeScript declarations of the script API, for the editor. */
  'script.types': { request: Nothing, answer: z.object({ declarations: z.string() }) },
  'script.samples': {
    request: Nothing,
    answer: z.object({ scripts: z.array(z.object({ name: z.string(), source: z.string() })) }),
  },
  /** Places that a text names: BDFs, addresses, registers, units, #faults, console lines. */
  jump: {
    request: z.object({ text: z.string().max(400) }),
    answer: z.object({
      places: z.array(
        z.object({
          kind: z.enum(['device', 'entry', 'address', 'register', 'unit', 'fault', 'line']),
          label: z.string(),
          detail: z.string(),
          panel: z.string(),
          /** A path, `#n`, `L123`, or an address. */
          target: z.string(),
        }),
      ),
    }),
  },
  /** The view's own state (layout, widths, theme), kept with the session; opaque to the engine. */
  'view.load': {
    request: Nothing,
    answer: z.object({
      state: z
        .string()
        .max(1 << 20)
        .optional(),
    }),
  },
  'view.save': { request: z.object({ state: z.string().max(1 << 20) }), answer: Nothing },
  ...mapCalls,
  ...consoleCalls,
  ...faultListCalls,
  ...timelineCalls,
} as const;

/** Every feed: what is asked for, and one item of it. */
export const feeds = {
  /** The session whenever something of it changed; coalesced to the newest. */
  'session.changes': { request: Nothing, item: SessionInfo, coalesce: true },
  /** The fault count whenever it changed; coalesced. */
  'faults.changes': { request: Nothing, item: z.object({ all: Count }), coalesce: true },
  /** A console's bytes from an offset on; nothing is dropped. */
  'console.data': {
    request: z.object({ console: Id, from: Count }),
    item: ConsoleChunk,
    coalesce: false,
  },
  /** Runs a script; its output until `done`. Cancelling the feed stops the script. */
  'script.run': {
    request: z.object({
      /** Names the run, for `script.stop`. */
      run: Id,
      source: z.string().max(1 << 20),
      /** A line of the REPL: its value is shown, and what it declares stays. */
      repl: z.boolean(),
    }),
    item: ScriptOutput,
    coalesce: false,
  },
} as const;

export type Calls = typeof calls;
export type CallName = keyof Calls;
export type CallRequest<N extends CallName> = z.input<Calls[N]['request']>;
export type CallAnswer<N extends CallName> = z.output<Calls[N]['answer']>;

export type Feeds = typeof feeds;
export type FeedName = keyof Feeds;
export type FeedRequest<N extends FeedName> = z.input<Feeds[N]['request']>;
export type FeedItem<N extends FeedName> = z.output<Feeds[N]['item']>;
