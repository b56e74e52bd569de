import type { ByteSource } from '../memory/platform.ts';
import { isElfCore } from './elf-headers.ts';
import type { Image } from './image.ts';
import { readSome } from './image.ts';
import type { DumpFormat } from './dump.ts';

/** What these bytes are the start of; undefined for no dump, and for raw memory. */
export function formatOf(image: Image): DumpFormat | undefined {
  const head = readSome(image, 0, 64);
  if (isElfCore(head)) return 'elf';
  return undefined;
}

/**
 * What a file is by its content alone.
 * @returns undefined when it is no dump of a known format (raw memory has no mark).
 */
export function identifyDump(source: ByteSource): DumpFormat | undefined {
  return formatOf(source);
}
