/** Which drivers speak of which devices: `nvme 0000:01:00.0: …`, as dev_info and its like print it. */
import { formatBdf, parseBdf } from '../format/bdf.ts';
import type { KernelRecord } from './records.ts';

export interface DriverLine {
  /** From 1. */
  readonly line: number;
  /** With the segment only when it is not 0. */
  readonly bdf: string;
  readonly driver: string;
}

/** Lines that are kept: each driver is kept once for a device and a stretch of the log. */
const LIMIT = 1 << 16;
/** A line longer than this is none of a driver; its rest is not looked at. */
const LINE_LIMIT = 1024;

/** The name and the device at the start of a message: after a stamp's bracket, or at the line's start. */
const SPOKEN =
  /(?:^|\] |: )([a-z][a-z0-9_-]{1,31}) ([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?: [\w.-]{1,16})?: /;
/** NVMe speaks by its own name, and tells the device once. */
const NVME =
  /(?:^|\] |: )(nvme) nvme\d{1,4}: pci function ([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])/;

/** Buses stand where no driver is bound. */
const BUSES: ReadonlySet<string> = new Set(['pci', 'iommu', 'platform', 'acpi', 'pcieport']);

/**
 * Drivers that speak in the crash kernel's part of a log, by device; undefined where the log has
 * no crash kernel.
 * @param kernels of the log, by number
 */
export function crashKernelDrivers(
  kernels: readonly (KernelRecord | undefined)[],
  lines: DriverLines,
): ReadonlyMap<string, string> | undefined {
  const capture = kernels.findIndex((kernel) => kernel?.role === 'capture');
  if (capture < 0) return undefined;
  const next = kernels.slice(capture + 1).find((kernel) => kernel !== undefined);
  return lines.between(kernels[capture]!.line, next?.line ?? Number.POSITIVE_INFINITY);
}

/** Looks through the bytes of a log, however they are cut. */
export class DriverLines {
  readonly #decoder = new TextDecoder('latin1');
  readonly #found: DriverLine[] = [];
  #rest = '';
  #line = 1;

  push(bytes: Uint8Array): void {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    let from = 0;
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      this.#read(text.slice(from, Math.min(to, from + LINE_LIMIT)));
      this.#line++;
      from = to + 1;
    }
    // Of a line that does not end, the start is enough.
    this.#rest = text.slice(from, from + LINE_LIMIT);
  }

  end(): void {
    this.#read(this.#rest);
    this.#rest = '';
  }

  /** Drivers by device in lines `from` to `to` (excluded). */
  between(from: number, to: number): ReadonlyMap<string, string> {
    return new Map(
      this.#found
        .filter(({ line }) => line >= from && line < to)
        .map(({ bdf, driver }) => [bdf, driver]),
    );
  }

  /** Lines that were found so far. */
  get count(): number {
    return this.#found.length;
  }

  #read(line: string): void {
    const match = SPOKEN.exec(line) ?? NVME.exec(line);
    const bdf = match && parseBdf(match[2]);
    if (!match || !bdf || BUSES.has(match[1]) || this.#found.length >= LIMIT) return;
    this.#found.push({
      line: this.#line,
      bdf: formatBdf(bdf.id, bdf.segment),
      driver: match[1],
    });
  }
}
