import type { OpenContext } from './context.ts';
import type { Dump, DumpFacts, DumpFormat, Note } from './dump.ts';
import type { ExtentList } from './extent-memory.ts';
import { ExtentMemory } from './extent-memory.ts';
import type { Image } from './image.ts';
import { vmcoreinfoOf } from './notes.ts';

export interface ExtentDumpParts {
  readonly format: DumpFormat;
  readonly compression?: readonly string[];
  readonly extents: ExtentList;
  /** Words for a page that nothing covers, and for one that the file promises and does not hold. */
  readonly words: { readonly absent: string; readonly excluded?: string; readonly failed: string };
  readonly notes?: readonly Note[];
  readonly facts?: Partial<DumpFacts>;
  readonly incomplete: boolean;
}

/** The Dump of a format that keeps memory as stretches of bytes in an image. */
export function extentDump(image: Image, context: OpenContext, parts: ExtentDumpParts): Dump {
  const { findings } = context;
  if (parts.extents.full)
    findings.add(
      'error',
      'too-many-extents',
      'The dump is in more pieces than are kept track of; its last ones are not read.',
    );
  const memory = new ExtentMemory(image, parts.extents, {
    cacheBytes: context.cacheBytes,
    words: { excluded: 'the dump left this page out', ...parts.words },
    onDamage: (pfn, why) => findings.damagedPage(pfn, why),
  });
  const notes = parts.notes ?? [];
  return {
    format: parts.format,
    flattened: context.flattened,
    compression: parts.compression ?? [],
    memory,
    notes,
    vmcoreinfo: vmcoreinfoOf(notes),
    facts: { blockSize: 4096, maxPfn: memory.maxPfn, machine: undefined, ...parts.facts },
    incomplete: parts.incomplete || context.cutOff,
    findings: findings.list,
    counts: () => memory.counts(),
    close() {
      memory.close();
      image.close();
    },
  };
}
