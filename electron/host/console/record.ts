import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** A line's start, as the index keeps it. */
export interface LineStart {
  /** 1-based. */
  readonly line: number;
  /** Byte offset of its first byte. */
  readonly offset: number;
  /** Seconds since the console's start when its first byte came. */
  readonly at: number;
}

const NEWLINE = 10;
/** Two doubles a line: offset and time. */
const ENTRY = 16;
/** Lines whose index entries are gathered before they are written. */
const BATCH = 4096;
const SCAN = 1 << 20;

/**
 * Everything that a console said, on disk as it came, with an index of its lines beside it. The
 * bytes are written when they come, so that they outlive an engine that is killed; memory holds
 * nothing of them, however long the record is.
 */
export class ConsoleRecord {
  readonly path: string;
  #bytesFd: number;
  readonly #linesFd: number;
  readonly #readOnly: boolean;
  #bytes = 0;
  #lines = 0;
  /** The next byte starts a line. */
  #atStart = true;
  readonly #entry = Buffer.alloc(ENTRY * BATCH);

  /**
   * @param path the record's bytes
   * @param indexPath the index of its lines
   * @param readOnly the bytes are a log file of somebody else: only indexed, never written
   */
  constructor(path: string, indexPath: string, readOnly = false) {
    this.path = path;
    this.#readOnly = readOnly;
    mkdirSync(dirname(indexPath), { recursive: true, mode: 0o700 });
    this.#bytesFd = openSync(path, readOnly ? 'r' : 'a+', 0o600);
    this.#linesFd = openSync(indexPath, 'a+', 0o600);
    if (readOnly) ftruncateSync(this.#linesFd, 0);
    else this.#recover();
  }

  /** Bytes that are recorded (of a log file: that were indexed). */
  get bytes(): number {
    return this.#bytes;
  }

  /** Lines that have begun. */
  get lines(): number {
    return this.#lines;
  }

  /** Adds what came. @param at seconds since the console's start. */
  append(data: Uint8Array, at: number): void {
    if (!this.#readOnly)
      for (let done = 0; done < data.length;)
        done += writeSync(this.#bytesFd, data, done, data.length - done);
    this.#index(data, at);
  }

  /** Up to `length` bytes from an offset; fewer only at the end of what is recorded. */
  read(offset: number, length: number): Buffer {
    const take = Math.max(0, Math.min(length, this.#bytes - offset));
    const out = Buffer.allocUnsafe(take);
    let done = 0;
    while (done < take) {
      const read = readSync(this.#bytesFd, out, done, take - done, offset + done);
      if (read === 0) break;
      done += read;
    }
    return out.subarray(0, done);
  }

  /** Bytes of the file from an offset, indexed or not: how a log file is read in. */
  readFile(offset: number, length: number): Buffer {
    const out = Buffer.allocUnsafe(length);
    return out.subarray(0, readSync(this.#bytesFd, out, 0, length, offset));
  }

  /** Bytes that the file has now. */
  fileSize(): number {
    return fstatSync(this.#bytesFd).size;
  }

  /** What stands at its path now: the file that is read, another one, or none. */
  fileAtPath(): 'same' | 'another' | 'none' {
    const at = statSync(this.path, { throwIfNoEntry: false });
    if (!at?.isFile()) return 'none';
    const { ino, dev } = fstatSync(this.#bytesFd);
    return at.ino === ino && at.dev === dev ? 'same' : 'another';
  }

  /** Reads the log file that stands at its path now; the record has to be emptied then. */
  reopen(): void {
    const fd = openSync(this.path, 'r');
    closeSync(this.#bytesFd);
    this.#bytesFd = fd;
  }

  /** Starts of lines `from` (1-based, included) to `to` (excluded), cut to what there is. */
  starts(from: number, to: number): LineStart[] {
    const first = Math.max(1, from);
    const count = Math.min(to, this.#lines + 1) - first;
    if (count <= 0) return [];
    const buffer = Buffer.allocUnsafe(count * ENTRY);
    const read = readSync(this.#linesFd, buffer, 0, buffer.length, (first - 1) * ENTRY);
    return Array.from({ length: Math.floor(read / ENTRY) }, (_, index) => ({
      line: first + index,
      offset: buffer.readDoubleLE(index * ENTRY),
      at: buffer.readDoubleLE(index * ENTRY + 8),
    }));
  }

  /** The first line that starts at an offset or after it; one more than the last if none does. */
  lineAt(offset: number): number {
    let low = 1;
    let high = this.#lines + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [start] = this.starts(middle, middle + 1);
      if (start === undefined || start.offset >= offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The text of lines, without their line ends; latin-1, cut at `limit` characters each. */
  texts(from: number, to: number, limit = 4096): { line: number; text: string }[] {
    const starts = this.starts(from, to + 1);
    return starts
      .filter(({ line }) => line < to)
      .map(({ line, offset }, index) => {
        const end = starts[index + 1]?.offset ?? this.#bytes;
        const text = this.read(offset, Math.min(limit, end - offset)).toString('latin1');
        return { line, text: text.replace(/[\r\n]+$/, '') };
      });
  }

  /** Empties the record, for a replay that starts again. */
  clear(): void {
    if (!this.#readOnly) ftruncateSync(this.#bytesFd, 0);
    ftruncateSync(this.#linesFd, 0);
    this.#bytes = 0;
    this.#lines = 0;
    this.#atStart = true;
  }

  close(): void {
    closeSync(this.#bytesFd);
    closeSync(this.#linesFd);
  }

  #index(data: Uint8Array, at: number): void {
    let waiting = 0;
    for (let from = 0; from < data.length;) {
      if (this.#atStart) {
        this.#entry.writeDoubleLE(this.#bytes + from, waiting * ENTRY);
        this.#entry.writeDoubleLE(at, waiting * ENTRY + 8);
        this.#lines++;
        if (++waiting === BATCH) waiting = this.#flush(waiting);
      }
      const end = data.indexOf(NEWLINE, from);
      this.#atStart = end >= 0;
      from = end < 0 ? data.length : end + 1;
    }
    this.#flush(waiting);
    this.#bytes += data.length;
  }

  #flush(count: number): 0 {
    if (count > 0) writeSync(this.#linesFd, this.#entry, 0, count * ENTRY);
    return 0;
  }

  /** Takes up a record that was left behind: the bytes are the truth, the index may be short. */
  #recover(): void {
    const size = this.fileSize();
    this.#lines = Math.floor(fstatSync(this.#linesFd).size / ENTRY);
    ftruncateSync(this.#linesFd, this.#lines * ENTRY);
    this.#bytes = size;
    let last = this.starts(this.#lines, this.#lines + 1)[0];
    while (last && last.offset >= size) {
      this.#lines--;
      ftruncateSync(this.#linesFd, this.#lines * ENTRY);
      last = this.starts(this.#lines, this.#lines + 1)[0];
    }
    // What stands behind the last indexed line's start is looked at again.
    const from = last?.offset ?? 0;
    const at = last?.at ?? 0;
    this.#atStart = last === undefined;
    this.#bytes = from;
    for (let offset = from; offset < size; offset += SCAN)
      this.#index(this.readFile(offset, Math.min(SCAN, size - offset)), at);
  }
}
