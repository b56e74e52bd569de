import { Failure } from '../memory/failure.ts';
import { DEFAULT_CACHE_BYTES } from '../memory/page-cache.ts';
import type { ByteSource, Platform } from '../memory/platform.ts';
import { openAvml } from './avml.ts';
import type { OpenContext } from './context.ts';
import type { Dump, DumpFormat } from './dump.ts';
import { openElf } from './elf.ts';
import { DumpFindings } from './findings.ts';
import { FlattenedImage, isFlattened } from './flattened.ts';
import { notADump } from './foreign.ts';
import { formatOf } from './identify.ts';
import type { Image } from './image.ts';
import { readSome } from './image.ts';
import { openKdump } from './kdump.ts';
import { openLime } from './lime.ts';
import { openRaw } from './raw.ts';

export interface OpenOptions {
  readonly platform: Platform;
  /** Bytes that decoded pages may take; 256 MiB when not given. */
  readonly cacheBytes?: number;
  /** The format, when the content is not to decide; `raw` is never recognised. */
  readonly as?: DumpFormat;
  /** Physical address of a raw image's first byte; 0 when not given. */
  readonly rawBase?: bigint;
}

/**
 * Opens a dump: one file, or all files of a split set in any order. Only headers are read now,
 * and of a flattened stream the places of its records. `close` of the dump closes the sources.
 * @throws Failure when the content can't be read as a dump, or the files do not belong together.
 */
export function openDump(sources: readonly ByteSource[], options: OpenOptions): Dump {
  if (sources.length === 0)
    throw new Failure('usage', 'No dump was named.', 'There is nothing to open.', 'Name a file.');
  const findings = new DumpFindings();
  const flattened: FlattenedImage[] = [];
  const images = sources.map((source): Image => {
    if (options.as === 'raw' || !isFlattened(readSome(source, 0, 64))) return source;
    const image = new FlattenedImage(source);
    flattened.push(image);
    return image;
  });
  for (const { name, damage } of flattened)
    if (damage)
      findings.add(
        'error',
        'flattened-damaged',
        `The flattened stream ${name} is not whole: ${damage}. What came after that is missing.`,
      );
  return openFormat(options.as ?? formatOf(images[0]), images, options.rawBase ?? 0n, {
    platform: options.platform,
    cacheBytes: options.cacheBytes ?? DEFAULT_CACHE_BYTES,
    flattened: flattened.length > 0,
    cutOff: flattened.some((image) => image.damage !== undefined),
    findings,
  });
}

function openFormat(
  format: DumpFormat | undefined,
  images: readonly Image[],
  rawBase: bigint,
  context: OpenContext,
): Dump {
  const [image] = images;
  if (format === 'kdump') return openKdump(images, context);
  if (format === undefined) throw notADump(image);
  if (images.length > 1)
    throw new Failure(
      'usage',
      `${images.length} dumps were named, and ${image.name} is no part of a split kdump.`,
      'Several files are read together only when they are the parts of one split kdump.',
      'Open one dump at a time.',
    );
  switch (format) {
    case 'elf':
      return openElf(image, context);
    case 'lime':
      return openLime(image, context);
    case 'avml':
      return openAvml(image, context);
    case 'raw':
      return openRaw(image, context, rawBase);
  }
}
