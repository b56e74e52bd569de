import { parseBdf } from '../../../core/format/bdf.ts';
import { hex } from '../../../core/format/hex.ts';
import type { Device, Unit } from '../../../core/iommu/unit.ts';
import { Failure } from '../../../core/memory/failure.ts';
import type { DeviceItem } from '../../../core/protocol/contract.ts';
import type { CallHandlers } from '../../../core/protocol/server.ts';
import { findingItem } from '../../../core/session/view-fields.ts';
import type { Workbench } from '../workbench.ts';
import { entryInfo } from './entry.ts';
import { readMappings } from './mappings.ts';

/** The tables: rows of the tree, entries, changes, findings, devices, leaves. */
export function tableCalls(bench: Workbench): CallHandlers {
  const journal = () => ({
    changes: bench.journal.items(),
    canUndo: bench.journal.canUndo,
    canRedo: bench.journal.canRedo,
  });
  const window = (tree: string, from: number, to: number) =>
    bench.trees.rows(tree, from, Math.min(to, from + MAX_ROWS));
  return {
    'tree.open': ({ all }, { view }) => {
      const opened = bench.trees.open(all);
      view.signal.addEventListener('abort', () => bench.trees.close(opened.tree), { once: true });
      return opened;
    },
    'tree.close': ({ tree }) => {
      bench.trees.close(tree);
      return {};
    },
    'tree.rows': ({ tree, from, to }) => ({
      ...window(tree, from, to),
      from,
      generation: bench.generation,
    }),
    'tree.expand': ({ tree, path, open, subtree, show }) => {
      const answer = bench.trees.expand(tree, path, open, subtree ?? false);
      return show ? { ...answer, rows: window(tree, show.from, show.to).rows } : answer;
    },
    'tree.reveal': ({ tree, path }) => bench.trees.reveal(tree, path),
    'tree.unfolded': ({ tree }) => ({ paths: bench.trees.unfolded(tree) }),
    'tree.unfold': ({ tree, paths }) => bench.trees.unfold(tree, paths),
    'tree.all': ({ tree, all }) => bench.trees.showAll(tree, all),
    'tree.against': ({ tree, state }) => bench.trees.putAgainst(tree, state),
    'tree.step': ({ tree, to, by, from }) => ({ path: bench.trees.step(tree, to, by, from) }),
    'tree.find': ({ tree, text, from }) => ({ index: bench.trees.find(tree, text, from) }),
    'tree.changes': ({ tree }) => bench.trees.changes(tree),
    'tree.seen': ({ tree }) => {
      bench.trees.seen(tree);
      return {};
    },
    'entry.get': ({ path, state, against }) => entryInfo(bench, path, { state, against }),
    'entry.poke': ({ path, field, value }) => {
      const { entry, world } = bench.worlds.entry(path);
      bench.trees.remember(entry);
      const change = bench.journal.poke(world, entry, field, BigInt(value));
      bench.changedHere();
      return { change, entry: entryInfo(bench, path) };
    },
    'changes.list': journal,
    'changes.undo': () => {
      bench.journal.undo();
      bench.changedHere();
      return journal();
    },
    'changes.redo': () => {
      bench.journal.redo();
      bench.changedHere();
      return journal();
    },
    'findings.list': ({ path }) => ({
      findings: bench.findings.list(path).slice(0, MAX_LISTED).map(findingItem),
      incomplete: bench.findings
        .incomplete(path)
        .slice(0, MAX_LISTED)
        .map(({ text, at, address }) => ({
          text,
          at,
          address: address === undefined ? undefined : hex(address),
        })),
    }),
    'devices.list': ({ unit }) => {
      const units = unit === undefined ? bench.worlds.units() : [bench.worlds.unit(unit).unit];
      return {
        devices: units.flatMap((each) =>
          bench.worlds.devices(each).devices.map((device) => deviceItem(bench, each, device)),
        ),
      };
    },
    'mappings.read': (request, { signal }) => {
      const { unit } = bench.worlds.unit(request.unit);
      const device = findDevice(bench, unit, request.bdf, request.pasid);
      return readMappings(unit, device, BigInt(request.from), request.count, signal);
    },
  };
}

/** Rows of one answer: some screens. */
const MAX_ROWS = 4096;
/** Findings of one answer. */
const MAX_LISTED = 10_000;

/** A unit's row for a device. @throws Failure when it has none. */
function findDevice(bench: Workbench, unit: Unit, bdf: string, pasid: number | undefined): Device {
  const parsed = parseBdf(bdf);
  const device = parsed && bench.worlds.device(unit, parsed.id, pasid);
  if (device) return device;
  throw new Failure(
    'unreadable',
    `${bdf}${pasid === undefined ? '' : ` PASID ${pasid}`} has no entry on ${unit.facts.name}.`,
    'There is no table to read for it.',
    'Choose a device that the unit lists.',
  );
}

function deviceItem(bench: Workbench, unit: Unit, device: Device): DeviceItem {
  return {
    unit: unit.facts.name,
    bdf: device.bdf,
    pasid: device.pasid,
    driver: bench.driver(device.bdf),
    translation: device.translation,
    domain: device.domain,
    levels: device.levels,
    pageTable: device.pageTable === undefined ? undefined : hex(device.pageTable),
    path: device.entry.path,
  };
}
