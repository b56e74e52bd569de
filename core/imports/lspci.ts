/** `lspci` in its text forms: bare, `-n`, `-nn`, `-v` to `-vvv`, `-D`. */
import { parseBdf, type Bdf } from '../format/bdf.ts';
import { numberedLines } from './text-lines.ts';

export interface PciDevice {
  readonly bdf: Bdf;
  /** Class code, 16 bits, where the text states it. */
  readonly classCode: number | undefined;
  readonly vendor: number | undefined;
  readonly device: number | undefined;
  /** Class and name in the words of the text. */
  readonly text: string;
  /** Undefined where the text names none: with `-v` that means that no driver is bound. */
  readonly driver: string | undefined;
  readonly iommuGroup: number | undefined;
  /** Buses behind a bridge. */
  readonly secondaryBus: number | undefined;
  readonly subordinateBus: number | undefined;
}

export const LSPCI_LINE =
  /^((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (?:([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})\b.*|(\S.*: .*\S))\s*$/i;
const CLASS = /^[^[\]]*\[([0-9a-f]{4})\]:/i;
const IDS = /\[([0-9a-f]{4}):([0-9a-f]{4})\]/gi;
const DRIVER = /^\s+Kernel driver in use: (\S{1,64})\s*$/;
const GROUP = /^\s+IOMMU group: (\d{1,6})\s*$/;
const BUSES = /^\s+Bus: primary=[0-9a-f]{2}, secondary=([0-9a-f]{2}), subordinate=([0-9a-f]{2})/i;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads what `lspci` prints; details are the indented lines under a device's line. */
export function parseLspci(text: string): PciDevice[] {
  const devices: Mutable<PciDevice>[] = [];
  for (const [, content] of numberedLines(text)) {
    const line = LSPCI_LINE.exec(content);
    const bdf = line && parseBdf(line[1]);
    if (line && bdf) {
      devices.push(headOf(line, bdf));
      continue;
    }
    const device = devices.at(-1);
    if (!device) continue;
    const buses = BUSES.exec(content);
    if (buses) {
      device.secondaryBus = Number.parseInt(buses[1], 16);
      device.subordinateBus = Number.parseInt(buses[2], 16);
    }
    device.driver = DRIVER.exec(content)?.[1] ?? device.driver;
    const group = GROUP.exec(content);
    if (group) device.iommuGroup = Number(group[1]);
  }
  return devices;
}

function headOf(line: RegExpExecArray, bdf: Bdf): Mutable<PciDevice> {
  const words = line[5] ?? '';
  // A name may hold brackets of its own; the identity is the last pair of them.
  const ids = [...words.matchAll(IDS)].at(-1);
  const number = (...digits: (string | undefined)[]): number | undefined => {
    const found = digits.find((each) => each !== undefined);
    return found === undefined ? undefined : Number.parseInt(found, 16);
  };
  return {
    bdf,
    classCode: number(line[2], CLASS.exec(words)?.[1]),
    vendor: number(line[3], ids?.[1]),
    device: number(line[4], ids?.[2]),
    text: words,
    driver: undefined,
    iommuGroup: undefined,
    secondaryBus: undefined,
    subordinateBus: undefined,
  };
}
