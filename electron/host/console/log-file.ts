import { closeSync, constants, existsSync, fstatSync, openSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { Failure } from '../../../core/memory/failure.ts';
import type { ConsoleLog } from '../../../core/protocol/items-console.ts';
import type { ConsoleRecord } from './record.ts';

/** Bytes of a record that are copied at a time. */
const PIECE = 1 << 20;

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'disk full',
  EDQUOT: 'disk quota exceeded',
  EFBIG: 'the file can not grow any more',
  EIO: 'the disk reports an error',
};

/** How a file came to be written to no more; undefined while it is. */
const stopped = (reason: string): string =>
  `Logging stopped: ${reason}. The console keeps running.`;

/** Opens a new file; one that is there is never overwritten. */
function create(path: string): number {
  return openSync(path, 'ax', 0o600);
}

/**
 * A file that gets every byte of a console as it comes. When it can't be written to any more, it
 * says so and the console keeps running.
 */
export class LogFile {
  readonly path: string;
  #fd: number | undefined;
  #bytes = 0;
  #failed: string | undefined;

  /** @throws Failure when the file can't be made, or is there already. */
  constructor(path: string, open: (path: string) => number | undefined = create) {
    this.path = path;
    try {
      this.#fd = open(path);
    } catch (error) {
      throw openFailure(path, error as NodeJS.ErrnoException);
    }
  }

  /**
   * Goes on with a file that an engine before this one wrote.
   * @param most bytes that it can have: one with more is another file
   */
  static resume(path: string, most: number): LogFile {
    let reason: string | undefined;
    let size = 0;
    const file = new LogFile(path, () => {
      let fd: number;
      try {
        fd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        reason = code === 'ENOENT' ? 'the file is not there any more' : message;
        return undefined;
      }
      ({ size } = fstatSync(fd));
      if (size <= most) return fd;
      closeSync(fd);
      reason = 'somebody else wrote to the file';
      return undefined;
    });
    file.#bytes = size;
    file.#failed = reason === undefined ? undefined : stopped(reason);
    return file;
  }

  get state(): ConsoleLog {
    const { path } = this;
    return { path, name: basename(path), bytes: this.#bytes, failed: this.#failed };
  }

  write(bytes: Uint8Array): void {
    if (this.#fd === undefined) return;
    try {
      for (let done = 0; done < bytes.length;) {
        const wrote = writeSync(this.#fd, bytes, done, bytes.length - done);
        done += wrote;
        this.#bytes += wrote;
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#failed = stopped(REASONS[code ?? ''] ?? message);
      this.close();
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** Writes what a record holds from an offset on to a log file. */
export function copyRecord(record: ConsoleRecord, from: number, file: LogFile): void {
  for (let at = from; at < record.bytes; at += PIECE) file.write(record.read(at, PIECE));
}

/** Goes on with the log file of an engine before this one: what it missed comes first. */
export function resumeLog(
  record: ConsoleRecord,
  { path, from }: { readonly path: string; readonly from: number },
): LogFile {
  const file = LogFile.resume(path, Math.max(0, record.bytes - from));
  copyRecord(record, from + file.state.bytes, file);
  return file;
}

/** A path for a console's log in the home folder that nothing stands at. */
export function freeLogPath(name: string, now = new Date(), home = homedir()): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  const plain = name.replace(/[^\w.-]/g, '_');
  const path = (turn: number): string =>
    join(home, `faultline-${plain}-${stamp}${turn === 0 ? '' : `-${turn}`}.log`);
  let turn = 0;
  while (existsSync(path(turn))) turn++;
  return path(turn);
}

function openFailure(path: string, { code, message }: NodeJS.ErrnoException): Failure {
  const reason =
    code === 'EEXIST'
      ? 'there is a file of that name already'
      : code === 'ENOENT'
        ? 'there is no such folder'
        : code === 'EACCES' || code === 'EPERM'
          ? 'permission denied'
          : (REASONS[code ?? ''] ?? message);
  return new Failure(
    code === 'EEXIST' ? 'usage' : 'system',
    `Couldn't write ${path}: ${reason}.`,
    'Nothing is logged to it, and nothing was overwritten.',
    'Choose another name or folder.',
  );
}
