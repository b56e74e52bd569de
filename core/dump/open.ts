import { Failure } from '../memory/failure.ts';
import { DEFAULT_CACHE_BYTES } from '../memory/page-cache.ts';
import type { ByteSource, Platform } from '../memory/platform.ts';
import { openElf } from './elf.ts';
import { formatOf } from './identify.ts';
import type { Dump, DumpFormat } from './dump.ts';

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
 * Opens a dump: one file, or all files of a split set in any order.
 * @throws Failure when the content can't be read as a dump, or the files do not belong together.
 */
export function openDump(sources: readonly ByteSource[], options: OpenOptions): Dump {
  const cacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES;
  const source = sources[0];
  const format = options.as ?? formatOf(source);
  if (format === 'elf') return openElf(source, { cacheBytes, flattened: false });
  throw new Failure(
    'unreadable',
    `${source.name} is no dump of a known format.`,
    'Its first bytes are those of none of the formats that are read here.',
    'Give --as raw for a plain image of memory.',
  );
}
