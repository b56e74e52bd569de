import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { descriptorOf, fileSource } from '../platform.ts';

const PIECE = 1 << 20;

/**
 * A log as a file whose bytes can be read in pieces: itself, or for one that was packed whole
 * what is in it, written once beside the session's records.
 * @throws Failure when the log can't be opened
 */
export function plainLog(path: string, copy: string): string {
  const source = fileSource(path);
  try {
    if (descriptorOf(source) !== undefined) return path;
    if (existsSync(copy)) return copy;
    mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
    const fd = openSync(copy, 'w', 0o600);
    try {
      const piece = new Uint8Array(PIECE);
      for (let at = 0; at < source.size;) {
        const read = source.read(at, piece);
        writeSync(fd, piece, 0, read);
        at += read;
      }
    } finally {
      closeSync(fd);
    }
    return copy;
  } finally {
    source.close();
  }
}
