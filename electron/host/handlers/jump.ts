import { parseBdf } from '../../../core/format/bdf.ts';
import { hex } from '../../../core/format/hex.ts';
import { parsePath } from '../../../core/iommu/path.ts';
import type { CallHandlers, CallOutput } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';
import { registersNamed } from './registers.ts';

type Place = CallOutput<'jump'>['places'][number];

/** Places of one answer. */
const MAX_PLACES = 50;

/** Places that a text names: devices, entries, addresses, registers, units, faults, lines. */
export function jumpCalls(bench: Workbench): CallHandlers {
  return {
    jump: ({ text }) => {
      const wanted = text.trim();
      const places = wanted === '' ? [] : FINDERS.flatMap((find) => find(bench, wanted));
      return { places: places.slice(0, MAX_PLACES) };
    },
  };
}

type Finder = (bench: Workbench, text: string) => Place[];

const devices: Finder = (bench, text) => {
  const bdf = parseBdf(text);
  if (!bdf) return [];
  return bench.worlds.units().flatMap((unit) =>
    bench.worlds
      .devices(unit)
      .devices.filter((device) => device.id === bdf.id && unit.facts.segment === bdf.segment)
      .map((device) => ({
        kind: 'device' as const,
        label: device.pasid === undefined ? device.bdf : `${device.bdf} PASID ${device.pasid}`,
        detail: [unit.facts.name, bench.driver(device.bdf), device.translation]
          .filter((part) => part !== undefined)
          .join(' · '),
        panel: 'tables',
        target: device.entry.path,
      })),
  );
};

/** The path of a link as the app or the browser copies it; another text as it is. */
function pathOfLink(text: string): string {
  const link = /^(?:faultline:\/\/[^/]+\/|https?:\/\/[^#\s]*#)(.+)$/.exec(text);
  if (!link) return text;
  try {
    return decodeURIComponent(link[1]);
  } catch {
    return link[1];
  }
}

const entries: Finder = (bench, text) => {
  const path = pathOfLink(text);
  if (!parsePath(path) || !path.includes('/')) return [];
  const known = bench.worlds.units().find((unit) => unit.facts.name === path.split('/')[0]);
  const entry = known?.entry(path);
  if (!entry) return [];
  const detail = `${entry.layout.name} at ${hex(entry.address)}`;
  return [{ kind: 'entry', label: path, detail, panel: 'tables', target: path }];
};

const units: Finder = (bench, text) =>
  bench.worlds
    .units()
    .filter(({ facts }) => facts.name === text.toLowerCase())
    .map(({ facts }) => ({
      kind: 'unit' as const,
      label: facts.name,
      detail: facts.base === undefined ? facts.vendor : `${facts.vendor}, base ${hex(facts.base)}`,
      panel: 'tables',
      target: facts.name,
    }));

const registers: Finder = (bench, text) =>
  bench.worlds.units().flatMap((unit) =>
    registersNamed(unit, text).map((register) => ({
      kind: 'register' as const,
      label: `${unit.facts.name} ${register.name}`,
      detail: register.title,
      panel: 'registers',
      target: `${unit.facts.name}/${register.name}`,
    })),
  );

const faults: Finder = (bench, text) => {
  const match = /^#(\d{1,9})$/.exec(text);
  const fault = match && bench.faults.get(Number(match[1]));
  if (!fault) return [];
  const { bdf, address, type } = fault.record;
  const where = address === undefined ? '' : ` at ${hex(address)}`;
  const detail = `${bdf ?? ''} ${type}${where}`.trim();
  return [{ kind: 'fault', label: text, detail, panel: 'faults', target: `#${fault.n}` }];
};

const lines: Finder = (bench, text) => {
  const match = /^L(\d{1,9})$/i.exec(text);
  const line = match ? Number(match[1]) : 0;
  return bench.hub
    .infos()
    .filter((info) => line >= 1 && line <= info.lines)
    .map((info) => ({
      kind: 'line' as const,
      label: `L${line}`,
      detail: bench.hub.get(info.id).record.texts(line, line + 1, 200)[0]?.text ?? info.name,
      panel: 'console',
      target: `L${line}`,
    }));
};

const addresses: Finder = (bench, text) => {
  const match = /^(?:0x)?([0-9a-f]{3,16})$/i.exec(text);
  if (!match || bench.worlds.all().length === 0) return [];
  const address = `0x${BigInt(`0x${match[1]}`).toString(16)}`;
  return [
    {
      kind: 'address',
      label: address,
      detail: 'physical memory',
      panel: 'memory',
      target: address,
    },
    {
      kind: 'address',
      label: address,
      detail: "as a device's address",
      panel: 'translate',
      target: address,
    },
  ];
};

const FINDERS: readonly Finder[] = [devices, entries, units, registers, faults, lines, addresses];
