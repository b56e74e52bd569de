import { byteDigits } from '../format/hex.ts';
import { Failure } from '../memory/failure.ts';
import type { ByteSource } from '../memory/platform.ts';

/** A register document or an ACPI table is small; anything larger is something else. */
const SMALL_LIMIT = 4 << 20;

/** A pasted text is read at once; a larger one is refused. */
const TEXT_LIMIT = 64 << 20;

/** A source as text, a character a byte. @throws Failure when it is larger than any paste */
export function readText(source: ByteSource): string {
  if (source.size > TEXT_LIMIT)
    throw new Failure(
      'limit',
      `${source.name} has ${source.size} bytes of text.`,
      `Pasted texts are read up to ${TEXT_LIMIT} bytes.`,
      'Give the part that matters, or a dump.',
    );
  const bytes = new Uint8Array(source.size);
  return new TextDecoder('latin1').decode(bytes.subarray(0, source.read(0, bytes)));
}

/** The whole of a small source; of a larger one its first 4 MiB. */
export function readSmall(source: ByteSource): Uint8Array {
  const bytes = new Uint8Array(Math.min(source.size, SMALL_LIMIT));
  return bytes.subarray(0, source.read(0, bytes));
}

/** What well-known files that are not sources begin with. */
const KNOWN_STARTS: readonly (readonly [string, string])[] = [
  ['504b0304', 'ZIP'],
  ['1f8b', 'gzip'],
  ['28b52ffd', 'zstd'],
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
];

/** Why a source can't be opened: it is empty, packed, or nothing that is known. */
export function unreadable(source: ByteSource): Failure {
  const head = new Uint8Array(8);
  const length = source.read(0, head);
  const digits = [...head.subarray(0, length)].map(byteDigits);
  const packed = KNOWN_STARTS.find(([start]) => digits.join('').startsWith(start))?.[1];
  return new Failure(
    'unreadable',
    source.size === 0
      ? `${source.name} is empty.`
      : `${source.name} is not a dump, a log or a register file that this version can read. It starts with ${digits.slice(0, 4).join(' ')}${packed ? ` (${packed})` : ''}.`,
    'Nothing was opened.',
    packed
      ? 'Unpack it and open what is inside.'
      : 'Choose another file, or say what it is (on the command line with --as).',
  );
}
