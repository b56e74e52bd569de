/**
 * What only a platform has. The host (Node, or a test) supplies it; core never reaches for a
 * global of its own.
 */
export interface Platform {
  /** Inflates a zlib stream into `into`; returns bytes written. @throws Error on damaged data. */
  inflate(data: Uint8Array, into: Uint8Array): number;
  /** Decompresses one zstd frame into `into`; returns bytes written. @throws Error on damage. */
  unzstd(data: Uint8Array, into: Uint8Array): number;
  /** A fresh SHA-256. */
  sha256(): Digest;
  /** Milliseconds of a monotonic clock, for progress and budgets only. */
  now(): number;
}

export interface Digest {
  update(bytes: Uint8Array): void;
  /** The digest in lower-case hexadecimal; ends its use. */
  hex(): string;
}

/**
 * Bytes at rest with random access: a file, or a buffer in tests. Reads are synchronous: the
 * engine runs in a process of its own, where a blocking read is the cheapest.
 */
export interface ByteSource {
  /** For messages: the file's name as the user gave it. */
  readonly name: string;
  readonly size: number;
  /** Reads up to `into.length` bytes at `offset`; returns how many (fewer only at the end). */
  read(offset: number, into: Uint8Array): number;
  close(): void;
}

/** A ByteSource over bytes in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read(offset, into) {
      if (offset >= bytes.length) return 0;
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
    close() {},
  };
}
