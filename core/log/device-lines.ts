import { readPrefix } from './prefix.ts';

/** What the kernel said of a device's place: its group, its identity map, its driver's way. */
export interface DeviceLine {
  /** 1-based. */
  readonly line: number;
  readonly time?: number;
  /** `00:06.0`, with the segment only when it is not 0. */
  readonly bdf: string;
  /** `group 5`, `identity map`, `left group 5`. */
  readonly text: string;
}

interface Rule {
  /** Bytes that every such line holds. */
  readonly key: string;
  readonly pattern: RegExp;
  readonly text: (match: RegExpExecArray) => string;
}

const DEVICE = String.raw`(?<bdf>[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])`;

const RULES: readonly Rule[] = [
  {
    key: 'to iommu group',
    pattern: new RegExp(`${DEVICE}: Adding to iommu group (\\d{1,6})`),
    text: (match) => `group ${match[2]}`,
  },
  {
    key: 'from iommu group',
    pattern: new RegExp(`${DEVICE}: Removing from iommu group (\\d{1,6})`),
    text: (match) => `left group ${match[2]}`,
  },
  {
    key: 'identity map',
    pattern: new RegExp(`identity map(?:ping)? for device ${DEVICE}`),
    text: () => 'identity map',
  },
  {
    key: 'Using iommu d',
    pattern: new RegExp(`${DEVICE}: Using iommu (direct|dma) mapping`),
    text: (match) => `${match[2]} mapping`,
  },
];

/** Lines that are kept: a machine has some thousands of devices at most. */
const MOST = 20_000;
/** A line longer than this is none of the kernel's. */
const LONGEST = 2048;
const NEWLINE = 10;

/** Finds, in a console's bytes, what the kernel says of the places of its devices. */
export class DeviceLines {
  readonly #found: DeviceLine[] = [];
  readonly #decoder = new TextDecoder('latin1');
  #rest = '';
  #line = 1;

  /** In order. */
  get found(): readonly DeviceLine[] {
    return this.#found;
  }

  push(bytes: Uint8Array): void {
    let lines = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
    // The words are rare: whole pieces without any are passed over at the speed of a search.
    const text = this.#rest + this.#decoder.decode(bytes);
    if (RULES.some(({ key }) => text.includes(key))) this.#read(text);
    this.#line += lines;
    const last = text.lastIndexOf('\n');
    this.#rest = text.slice(last + 1).slice(0, LONGEST);
  }

  #read(text: string): void {
    let line = this.#line;
    for (const each of text.split('\n').slice(0, -1)) {
      if (this.#found.length < MOST) this.#one(each.slice(0, LONGEST), line);
      line++;
    }
  }

  #one(text: string, line: number): void {
    for (const { key, pattern, text: words } of RULES) {
      const match = text.includes(key) ? pattern.exec(text) : undefined;
      const bdf = match?.groups?.['bdf'];
      if (!match || bdf === undefined) continue;
      this.#found.push({
        line,
        time: readPrefix(text).time,
        bdf: bdf.startsWith('0000:') ? bdf.slice(5) : bdf,
        text: words(match),
      });
      return;
    }
  }
}
