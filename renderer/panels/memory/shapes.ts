/** A table by the last part of an entry's path: the entry's place in it, and its neighbours. */
export interface Shape {
  readonly index: bigint;
  readonly title: string;
  readonly nameOf: (index: bigint) => string;
  readonly pathOf: (index: bigint) => string;
  /** What an entry is called behind its name; undefined where names say it all. */
  readonly noun: string | undefined;
}

/** Reads what a path says of the table that its entry stands in. @param width bits of an entry */
export function shapeOf(path: string, width: number): Shape | undefined {
  const parts = path.split('/');
  const last = parts.at(-1) ?? '';
  const above = parts.slice(0, -1).join('/');
  const level = /^(L\d)\[(\d+)\]$/.exec(last);
  if (level) {
    const [, name, index] = level;
    const nameOf = (at: bigint): string => `${name}[${at}]`;
    return {
      index: BigInt(index),
      title: `${name} table`,
      nameOf,
      pathOf: (at) => `${above}/${nameOf(at)}`,
      noun: undefined,
    };
  }
  const bus = /^bus\.([0-9a-f]{2})$/.exec(last);
  if (bus)
    return {
      index: BigInt(`0x${bus[1]}`),
      title: 'root table',
      nameOf: (at) => `bus 0x${byte(at)}`,
      pathOf: (at) => `${above}/bus.${byte(at)}`,
      noun: 'root entry',
    };
  const device = parts.at(-2) ?? '';
  const id = requesterOf(device);
  if (last === 'context' && id !== undefined) return contextShape(parts, id, width);
  if (last === 'dte' && id !== undefined)
    return {
      index: id,
      title: 'device table',
      nameOf: (at) => `${bdfOf(at)} DTE`,
      pathOf: (at) => pathOfDevice(parts, at),
      noun: undefined,
    };
  const pasid = /^pasid(-dir)?\.(\d+)$/.exec(last);
  if (pasid) return pasidShape(above, pasid[1] !== undefined, BigInt(pasid[2]));
  return /^\d+$/.test(last) ? indexShape(parts, above, BigInt(last)) : undefined;
}

/** Legacy context tables have an entry for each function of a bus, scalable ones for half of them. */
function contextShape(parts: readonly string[], id: bigint, width: number): Shape {
  const mask = width === 256 ? 0x7fn : 0xffn;
  const idOf = (at: bigint): bigint => (id & ~mask) | (at & mask);
  return {
    index: id & mask,
    title: 'context table',
    nameOf: (at) => functionText(idOf(at)),
    pathOf: (at) => pathOfDevice(parts, idOf(at)),
    noun: 'context entry',
  };
}

/** 64 PASIDs have an entry of the directory, and a table of their own. */
function pasidShape(above: string, directory: boolean, number: bigint): Shape {
  if (directory)
    return {
      index: number,
      title: 'PASID directory',
      nameOf: (at) => `PASIDs ${64n * at}–${64n * at + 63n}`,
      pathOf: (at) => `${above}/pasid-dir.${at}`,
      noun: 'directory entry',
    };
  const first = number & ~63n;
  return {
    index: number & 63n,
    title: 'PASID table',
    nameOf: (at) => `PASID ${first + at}`,
    pathOf: (at) => `${above}/pasid.${first + at}`,
    noun: 'entry',
  };
}

/** Tables whose entries have nothing but a number. */
const INDEXED: Readonly<Record<string, { readonly title: string; readonly name: string }>> = {
  irq: { title: 'interrupt remapping table', name: 'IRTE' },
  queue: { title: 'invalidation queue', name: 'descriptor' },
  commands: { title: 'command buffer', name: 'command' },
  events: { title: 'event log', name: 'event' },
  ppr: { title: 'PPR log', name: 'request' },
};

function indexShape(parts: readonly string[], above: string, index: bigint): Shape {
  const { title, name } = INDEXED[parts[1]] ?? { title: 'table', name: 'entry' };
  return {
    index,
    title,
    nameOf: (at) => `${name}[${at}]`,
    pathOf: (at) => `${above}/${at}`,
    noun: name === 'IRTE' ? '' : undefined,
  };
}

const byte = (value: bigint): string => (value & 0xffn).toString(16).padStart(2, '0');

/** The requester ID of a BDF, its segment left out. */
function requesterOf(bdf: string): bigint | undefined {
  const match = /^(?:[0-9a-f]{4}:)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/.exec(bdf);
  if (!match) return undefined;
  const [bus, device, fn] = [match[1], match[2], match[3]].map((text) => BigInt(`0x${text}`));
  return (bus << 8n) | (device << 3n) | fn;
}

/** `02.0`: device and function of a requester ID. */
function functionText(id: bigint): string {
  return `${byte((id >> 3n) & 0x1fn)}.${id & 7n}`;
}

function bdfOf(id: bigint): string {
  return `${byte(id >> 8n)}:${functionText(id)}`;
}

/** The path of another device's entry: the segment stays. */
function pathOfDevice(parts: readonly string[], id: bigint): string {
  const [unit, device, last] = [parts[0], parts.at(-2) ?? '', parts.at(-1) ?? ''];
  const segment = /^[0-9a-f]{4}:(?=[0-9a-f]{2}:)/.exec(device)?.[0] ?? '';
  return `${unit}/${segment}${bdfOf(id)}/${last}`;
}
