import { hex } from '../format/hex.ts';
import { Failure } from '../memory/failure.ts';
import type { ByteSource } from '../memory/platform.ts';
import type { Image } from './image.ts';
import { ForwardReader, readSome, viewOf } from './image.ts';
import { resolveSpans, spanBelow, SpanList } from './spans.ts';
import type { ResolvedSpans } from './spans.ts';

/** makedumpfile IMPLEMENTATION, "The flattened format": 16 bytes, then type 1 and version 1. */
const SIGNATURE = 'makedumpfile';
const HEADER_SIZE = 4096;
const RECORD_HEADER = 16;

/** Records that are indexed at most; at makedumpfile's 64 KiB each they make 512 GiB. */
const MAX_RECORDS = 8_000_000;

/** Records that are looked through for the start of the file when only its format is asked for. */
const RECORDS_TO_IDENTIFY = 4096;

/** Whether a file's first bytes are those of makedumpfile's flattened form. */
export function isFlattened(head: Uint8Array): boolean {
  for (let index = 0; index < 16; index++)
    if (head[index] !== (index < SIGNATURE.length ? SIGNATURE.charCodeAt(index) : 0)) return false;
  return true;
}

/**
 * The file that a flattened stream describes. Each record says where its bytes belong; later
 * records overwrite earlier ones, and none needs to come in order.
 */
export class FlattenedImage implements Image {
  readonly name: string;
  readonly size: number;
  /** What ended the stream before its end mark; undefined when it is whole. */
  readonly damage: string | undefined;
  readonly #source: ByteSource;
  readonly #spans: ResolvedSpans;
  readonly #starts: Float64Array;
  readonly #offsets: Float64Array;
  #last = 0;

  /** @throws Failure when the stream's header is of a kind that is not known, or holds nothing. */
  constructor(source: ByteSource) {
    this.#source = source;
    this.name = source.name;
    const records = scanRecords(source, MAX_RECORDS);
    if (records.spans.length === 0)
      throw new Failure(
        'unreadable',
        `${source.name} is a flattened dump without content${records.damage ? `: ${records.damage}` : ''}.`,
        'Nothing was written into it, or it was cut off at once.',
        'Copy or write the dump again.',
      );
    this.damage = records.damage;
    this.#starts = records.spans.starts;
    this.#offsets = records.offsets;
    this.#spans = resolveSpans(records.spans);
    this.size = this.#spans.ends[this.#spans.length - 1];
  }

  read(offset: number, into: Uint8Array): number {
    const length = Math.max(0, Math.min(into.length, this.size - offset));
    let done = 0;
    let index = this.#spanAt(offset);
    while (done < length) {
      const at = offset + done;
      while (index < this.#spans.length && this.#spans.ends[index] <= at) index++;
      const start = this.#spans.starts[index];
      if (start > at) {
        const hole = Math.min(length - done, start - at);
        into.fill(0, done, done + hole);
        done += hole;
        continue;
      }
      const take = Math.min(length - done, this.#spans.ends[index] - at);
      const owner = this.#spans.owners[index];
      const from = this.#offsets[owner] + (at - this.#starts[owner]);
      const read = this.#source.read(from, into.subarray(done, done + take));
      done += read;
      if (read < take) break;
    }
    this.#last = Math.min(index, this.#spans.length - 1);
    return done;
  }

  *holes(from: number, to: number): Iterable<{ from: number; to: number }> {
    let at = from;
    for (let index = this.#spanAt(from); at < to; index++) {
      const start = index < this.#spans.length ? this.#spans.starts[index] : Infinity;
      if (start > at) yield { from: at, to: Math.min(start, to) };
      if (index >= this.#spans.length) return;
      at = Math.max(at, this.#spans.ends[index]);
    }
  }

  close(): void {
    this.#source.close();
  }

  /** Index of the span that holds an offset, or of one before it. */
  #spanAt(offset: number): number {
    const { starts, ends } = this.#spans;
    if (starts[this.#last] <= offset && offset < ends[this.#last]) return this.#last;
    return Math.max(0, spanBelow(this.#spans, offset));
  }
}

/** The first bytes of the file that a flattened stream describes, as far as they are found soon. */
export function flattenedHead(source: ByteSource, length: number): Uint8Array {
  const { spans, offsets } = scanRecords(source, RECORDS_TO_IDENTIFY);
  const head = new Uint8Array(length);
  let known = 0;
  for (let index = 0; index < spans.length; index++) {
    if (spans.starts[index] >= length) continue;
    const take = Math.min(length, spans.ends[index]) - spans.starts[index];
    head.set(readSome(source, offsets[index], take), spans.starts[index]);
    known = Math.max(known, spans.starts[index] + take);
  }
  return head.subarray(0, known);
}

interface Records {
  readonly spans: SpanList;
  /** Where each record's bytes stand in the stream. */
  readonly offsets: Float64Array;
  readonly damage: string | undefined;
}

/** Walks the record headers: i64 offset and i64 size, big-endian, both -1 at the end. */
function scanRecords(source: ByteSource, limit: number): Records {
  const spans = new SpanList();
  let offsets = new Float64Array(16);
  const head = viewOf(readSome(source, 0, 32));
  const known =
    head.byteLength === 32 && head.getBigInt64(16) === 1n && head.getBigInt64(24) === 1n;
  if (!known)
    return { spans, offsets, damage: 'its header is cut off or not of type 1, version 1' };
  let at = HEADER_SIZE;
  const window = new ForwardReader(source);
  for (let count = 0; ; count++) {
    const view = window.at(at, RECORD_HEADER);
    if (!view)
      return { spans, offsets, damage: `the stream ends at ${hex(at)} without its end mark` };
    const offset = bigEndian(view, 0);
    const size = bigEndian(view, 8);
    if (offset === -1 && size === -1) return { spans, offsets, damage: undefined };
    if (offset < 0 || size < 0 || !Number.isSafeInteger(offset + size))
      return {
        spans,
        offsets,
        damage: `the record at ${hex(at)} has an impossible offset or size`,
      };
    if (count === limit)
      return { spans, offsets, damage: `more than ${limit} records; the rest is not read` };
    const held = Math.max(0, Math.min(size, source.size - at - RECORD_HEADER));
    if (held > 0) {
      if (spans.length === offsets.length) {
        const wider = new Float64Array(offsets.length * 2);
        wider.set(offsets);
        offsets = wider;
      }
      offsets[spans.length] = at + RECORD_HEADER;
      spans.add(offset, offset + held, spans.length);
    }
    if (held < size)
      return { spans, offsets, damage: `the stream ends within the record at ${hex(at)}` };
    at += RECORD_HEADER + size;
  }
}

function bigEndian(view: DataView, at: number): number {
  return view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}
