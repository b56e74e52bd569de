import type { StripItem } from '../../../core/protocol/contract-map.ts';
import type { Span } from './span.ts';

/** A mark by its first address, with its words. */
export interface Mark {
  readonly at: string;
  readonly text: string;
  readonly tone: 'error' | 'muted';
}

/** What the map shows; it outlives the panel, which goes when it is hidden. */
export interface MapState {
  /** The unit whose memory is meant; the capture's without it. */
  readonly unit: string;
  /** Key of the device in the zoom strip. */
  readonly device: string | undefined;
  /** Addresses of the zoom strip; undefined until a device gives them. */
  readonly span: Span | undefined;
  /** First address of the selected region. */
  readonly region: string | undefined;
  /** The mark that keys or a click led to: faults, or a span that could not be read. */
  readonly mark: Mark | undefined;
  /** Also devices without mappings and faults. */
  readonly all: boolean;
  readonly reach: 'known' | '4 GiB' | 'all';
  /** The regions as a table below the picture. */
  readonly table: boolean;
}

export const MAP_START: MapState = {
  unit: '',
  device: undefined,
  span: undefined,
  region: undefined,
  mark: undefined,
  all: false,
  reach: 'known',
  table: false,
};

/** Names a strip in the window. */
export function keyOf(strip: Pick<StripItem, 'unit' | 'bdf' | 'pasid'>): string {
  return `${strip.unit} ${strip.bdf} ${strip.pasid ?? ''}`;
}

/** Whether a strip has something to show. */
export function worthShowing(strip: StripItem): boolean {
  return strip.first !== undefined || strip.faults > 0 || strip.unreadable > 0;
}
