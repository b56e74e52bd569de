import type { ByteSource } from '../memory/platform.ts';
import { isElfCore } from './elf-headers.ts';
import { flattenedHead, FlattenedImage, isFlattened } from './flattened.ts';
import type { Image } from './image.ts';
import { readSome } from './image.ts';
import { isKdump } from './kdump-header.ts';
import { rangeFormat } from './lime-headers.ts';
import type { DumpFormat } from './dump.ts';

/** Bytes at the start of a file that tell its format. */
const HEAD = 64;

/**
 * What a file is by its content alone; a flattened stream is what it describes.
 * @returns undefined when it is no dump of a known format (raw memory has no mark).
 */
export function identifyDump(source: ByteSource): DumpFormat | undefined {
  const head = readSome(source, 0, HEAD);
  if (!isFlattened(head)) return formatOfHead(head);
  return formatOfHead(flattenedHead(source, HEAD)) ?? formatOf(new FlattenedImage(source));
}

/** The format that an image's first bytes tell. */
export function formatOf(image: Image): DumpFormat | undefined {
  return formatOfHead(readSome(image, 0, HEAD));
}

function formatOfHead(head: Uint8Array): DumpFormat | undefined {
  if (isElfCore(head)) return 'elf';
  return isKdump(head) ? 'kdump' : rangeFormat(head);
}
