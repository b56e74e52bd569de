import { firstAbove } from '../../core/explain/mappings/order.ts';
import { hex } from '../../core/format/hex.ts';
import type { MapPin } from '../../core/protocol/contract-map.ts';
import type { Workbench } from './workbench.ts';

const PAGE = 4096n;
/** Pins of one answer. */
const MAX_PINS = 512;

/** The faults of one requester in order of address. */
interface Places {
  readonly frames: Float64Array;
  /** Numbers of the faults. */
  readonly numbers: Uint32Array;
}

/** The session's DMA faults by requester and address, for pins on the address map. */
export class FaultPlaces {
  readonly #bench: Workbench;
  #seen = '';
  #byRequester = new Map<string, Places>();

  constructor(bench: Workbench) {
    this.#bench = bench;
  }

  /** Faults with an address that a unit reported of a requester. */
  count(unit: string, bdf: string, pasid: number | undefined): number {
    return this.#of(unit, bdf, pasid)?.frames.length ?? 0;
  }

  /** The faults between two frames, those of one pixel together. */
  pins(
    { unit, bdf, pasid }: { unit: string; bdf: string; pasid?: number },
    { from, to }: { from: number; to: number },
    pixels: number,
  ): MapPin[] {
    const places = this.#of(unit, bdf, pasid);
    if (!places) return [];
    const { frames, numbers } = places;
    const pins: MapPin[] = [];
    const addressOf = (at: number): string =>
      hex(this.#bench.faults.get(numbers[at])?.record.address ?? 0n);
    for (let at = firstAbove(frames, from - 0.5); at < frames.length && frames[at] < to;) {
      if (pins.length === MAX_PINS) break;
      const pixel = Math.floor(((frames[at] - from) * pixels) / (to - from));
      const end = from + ((pixel + 1) * (to - from)) / pixels;
      const first = at;
      let fault = numbers[at];
      const accesses = new Set<'read' | 'write'>();
      for (; at < frames.length && frames[at] < to && (at === first || frames[at] < end); at++) {
        fault = Math.min(fault, numbers[at]);
        const access = accesses.size < 2 && this.#bench.faults.get(numbers[at])?.record.access;
        if (access) accesses.add(access);
      }
      pins.push({
        from: addressOf(first),
        to: addressOf(at - 1),
        count: at - first,
        fault,
        accesses: [...accesses],
      });
    }
    return pins;
  }

  /**
   * The faults of the first page with some behind a frame, or of the last before it.
   * @param frame absent: the first page of all, or the last
   */
  beside(
    requester: { unit: string; bdf: string; pasid?: number },
    way: 'next' | 'previous',
    frame: number | undefined,
  ): MapPin | undefined {
    const frames = this.#of(requester.unit, requester.bdf, requester.pasid)?.frames;
    if (!frames) return undefined;
    const at =
      way === 'next'
        ? firstAbove(frames, frame ?? -1)
        : firstAbove(frames, (frame ?? Infinity) - 0.5) - 1;
    if (at < 0 || at >= frames.length) return undefined;
    return this.pins(requester, { from: frames[at], to: frames[at] + 1 }, 1).at(0);
  }

  #of(unit: string, bdf: string, pasid: number | undefined): Places | undefined {
    this.#read();
    if (this.#bench.worlds.serving(bdf)?.facts.name !== unit) return undefined;
    // A request without PASID is translated by the row of PASID 0 where rows have one.
    const own = this.#byRequester.get(`${bdf} ${pasid ?? ''}`);
    return own ?? (pasid === 0 ? this.#byRequester.get(`${bdf} `) : undefined);
  }

  /** Sorts the faults anew when some came or went. */
  #read(): void {
    const { faults, generation } = this.#bench;
    const seen = `${faults.size} ${generation}`;
    if (seen === this.#seen) return;
    this.#seen = seen;
    const lists = new Map<string, { frame: number; n: number }[]>();
    for (const { n, record } of faults.all()) {
      if (record.bdf === undefined || record.address === undefined) continue;
      if (record.type === 'interrupt') continue;
      const key = `${record.bdf} ${record.pasid ?? ''}`;
      const place = { frame: Number(record.address / PAGE), n };
      const list = lists.get(key);
      if (list) list.push(place);
      else lists.set(key, [place]);
    }
    this.#byRequester = new Map(
      [...lists].map(([key, list]) => {
        list.sort((a, b) => a.frame - b.frame || a.n - b.n);
        return [
          key,
          {
            frames: Float64Array.from(list, ({ frame }) => frame),
            numbers: Uint32Array.from(list, ({ n }) => n),
          },
        ];
      }),
    );
  }
}
