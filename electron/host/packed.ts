import type * as Zlib from 'node:zlib';
import { bytesSource, type ByteSource } from '../../core/memory/platform.ts';

/** Bytes of a packed file, and of what is in it, that are unpacked in memory. */
const MAX_PACKED = 256 << 20;
const MAX_UNPACKED = 1 << 30;

/** Loaded when it is needed: most files are not packed. */
const zlib = (): typeof Zlib => process.getBuiltinModule('node:zlib');

const FORMATS: readonly {
  readonly start: readonly number[];
  readonly unpack: (bytes: Buffer) => Buffer;
}[] = [
  {
    start: [0x28, 0xb5, 0x2f, 0xfd],
    unpack: (bytes) => zlib().zstdDecompressSync(bytes, { maxOutputLength: MAX_UNPACKED }),
  },
  {
    start: [0x1f, 0x8b, 0x08],
    unpack: (bytes) => zlib().gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED }),
  },
];

/**
 * What is in a file that was packed whole by zstd or gzip, as logs and dumps often travel; any
 * other file as it is. A packed file that is damaged or too large stays packed: it is then told
 * what it is.
 */
export function unpacked(source: ByteSource): ByteSource {
  const head = new Uint8Array(4);
  source.read(0, head);
  const format = FORMATS.find(({ start }) => start.every((byte, at) => head[at] === byte));
  if (!format || source.size > MAX_PACKED) return source;
  const packed = Buffer.alloc(source.size);
  source.read(0, packed);
  try {
    const bytes = format.unpack(packed);
    source.close();
    return bytesSource(source.name, bytes);
  } catch {
    return source;
  }
}
