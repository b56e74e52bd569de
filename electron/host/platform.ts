import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Failure } from '../../core/memory/failure.ts';
import type { ByteSource, Platform } from '../../core/memory/platform.ts';
import { inflate, unzstd } from './decompress.ts';
import { unpacked } from './packed.ts';

/** The platform that Node is. */
export const nodePlatform: Platform = {
  inflate,
  unzstd,
  sha256() {
    // Loaded when it is needed: that takes longer than many a command has to do.
    const hash = process.getBuiltinModule('node:crypto').createHash('sha256');
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
  },
  now: () => performance.now(),
};

/** Descriptors of the files that are open as they stand. */
const descriptors = new WeakMap<ByteSource, number>();

/** The descriptor behind a source; undefined where it is no file, or was unpacked. */
export function descriptorOf(source: ByteSource): number | undefined {
  return descriptors.get(source);
}

/**
 * A file as a ByteSource; one packed whole by zstd or gzip is unpacked in memory.
 * @throws Failure of kind `unreadable` when it can't be opened or is no file.
 */
export function fileSource(path: string): ByteSource {
  let fd: number;
  let size: number;
  try {
    fd = openSync(path, 'r');
    const stat = fstatSync(fd);
    if (stat.isDirectory()) {
      closeSync(fd);
      throw new Error('it is a folder');
    }
    size = stat.size;
  } catch (error) {
    throw new Failure(
      'unreadable',
      `${path} can't be opened: ${error instanceof Error ? error.message : String(error)}.`,
      'Nothing of it can be read.',
      'Check the name and the rights of the file.',
    );
  }
  let open = true;
  const file: ByteSource = {
    name: path,
    size,
    read(offset, into) {
      let done = 0;
      while (done < into.length) {
        const read = readSync(fd, into, done, into.length - done, offset + done);
        if (read === 0) break;
        done += read;
      }
      return done;
    },
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
  descriptors.set(file, fd);
  return unpacked(file);
}
