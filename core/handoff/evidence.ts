import { elfCore } from '../dump/elf-writer.ts';
import type { Machine } from '../machine/machine.ts';
import type { Played } from './lab.ts';
import type { Story } from './story.ts';

/** A unit's register page, in bytes. */
const REGISTER_PAGE = 0x1000;

/** What a story leaves behind, in the forms in which a real crash does. */
export interface StoryEvidence {
  /** What both kernels printed. */
  readonly console: string;
  /** The machine's memory at the end, an ELF core without notes. */
  readonly memory: Uint8Array;
  /** The unit's registers at the end, and when the first kernel crashed: `--registers` documents. */
  readonly registers: { readonly now: string; readonly before: string };
}

/** The 32-bit words of a unit's register page that are not zero, by offset. */
export function registerWords({ unit }: Machine): ReadonlyMap<number, number> {
  const words = new Map<number, number>();
  for (let offset = 0; offset < REGISTER_PAGE; offset += 4) {
    const value = unit.registers.read(offset, 32)?.value ?? 0n;
    if (value !== 0n) words.set(offset, Number(value));
  }
  return words;
}

/** Gathers what an investigator would have of the story. */
export function storyEvidence({ story, machine, before }: Played): StoryEvidence {
  const { memory } = machine;
  const ranges = memory.map().filter(({ kind }) => kind === 'ram');
  const parts = [
    ...elfCore({
      notes: [],
      pages: memory.written(),
      views: ranges.map(({ from, to }) => ({
        from: Number(from >> 12n),
        to: Number(to >> 12n),
        virtual: from,
      })),
      read: (pfn) => memory.page(pfn) as Uint8Array,
    }),
  ];
  const document = (words: ReadonlyMap<number, number>): string =>
    `${JSON.stringify(
      {
        vendor: 'intel',
        units: [
          {
            base: hexWord(machine.unit.base),
            registers: Object.fromEntries(
              [...words].map(([offset, value]) => [hexWord(offset), hexWord(value)]),
            ),
          },
        ],
      },
      undefined,
      1,
    )}\n`;
  return {
    console: `${stamped(story).join('\n')}\n`,
    memory: joined(parts),
    registers: { now: document(registerWords(machine)), before: document(before) },
  };
}

/** The console's lines with time stamps as a kernel prints them (`printk.time`). */
function stamped({ console, times }: Story): string[] {
  return console.map((line, index) => `[${times[index].toFixed(6).padStart(12)}] ${line}`);
}

const hexWord = (value: number | bigint): string => `0x${value.toString(16)}`;

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
