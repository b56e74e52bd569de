import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { Failure } from '../../core/memory/failure.ts';
import type { KeptSource } from '../../core/session/session-file.ts';

/** Files up to this size are digested whole whenever they are opened. */
const WHOLE = 16 * 2 ** 20;
/** Of a larger one: its first and last bytes, and pages at even distances. */
const END = 2 ** 20;
const SAMPLES = 64;
const SAMPLE = 4096;

/**
 * What a file is known by when it is looked for again: its size, and a digest that is quick to
 * make of any size. It finds another file, not a forged one.
 * @returns the path alone when the file can't be read
 */
export function identityOf(path: string): KeptSource {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return { path };
  }
  try {
    const { size } = fstatSync(fd);
    const hash = createHash('sha256');
    if (size <= WHOLE) {
      take(fd, 0, size, hash);
      return { path, bytes: size, digest: `sha256:${hash.digest('hex')}` };
    }
    hash.update(`${size}`);
    take(fd, 0, END, hash);
    for (let n = 1; n <= SAMPLES; n++)
      take(fd, Math.floor((size / (SAMPLES + 1)) * n), SAMPLE, hash);
    take(fd, size - END, END, hash);
    return { path, bytes: size, digest: `sha256-samples:${hash.digest('hex')}` };
  } catch {
    // A folder, or a file that can't be read to its end.
    return { path };
  } finally {
    closeSync(fd);
  }
}

function take(fd: number, from: number, length: number, hash: ReturnType<typeof createHash>): void {
  const buffer = Buffer.allocUnsafe(Math.min(length, END));
  for (let done = 0; done < length;) {
    const read = readSync(fd, buffer, 0, Math.min(buffer.length, length - done), from + done);
    if (read === 0) return;
    hash.update(buffer.subarray(0, read));
    done += read;
  }
}

/** Whether a file is there, as a file. */
export function isThere(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * How a file differs from what a session remembers of it; undefined when it does not, or when
 * nothing is remembered.
 */
export function changedSince(
  kept: Pick<KeptSource, 'path' | 'bytes' | 'digest'>,
): string | undefined {
  if (kept.digest === undefined) return undefined;
  const now = identityOf(kept.path);
  if (now.digest === kept.digest) return undefined;
  return now.bytes === kept.bytes
    ? 'its content differs'
    : `it has ${now.bytes ?? 'an unknown number of'} bytes, and had ${kept.bytes}`;
}

/**
 * SHA-256 of a whole file, a piece at a time.
 * @throws Failure of kind `cancelled` when the signal is aborted, `unreadable` when reading fails
 */
export async function wholeDigest(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path, { highWaterMark: END, signal }))
      hash.update(piece as Buffer);
  } catch (error) {
    if (signal?.aborted)
      throw new Failure('cancelled', 'The digest was stopped.', 'It is not known.', 'Ask again.');
    throw new Failure(
      'unreadable',
      `${path} can't be read: ${(error as Error).message}.`,
      'Its digest is not known.',
      'Check the file.',
    );
  }
  return hash.digest('hex');
}
