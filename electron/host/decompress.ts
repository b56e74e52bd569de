import type * as Zlib from 'node:zlib';

/**
 * Decompression of many small pieces. `inflateSync` makes and frees a native stream for each
 * call, which for a page of 4 KiB costs as much as the inflating itself. One native stream, kept
 * and reset, writes straight into the page. Its handle is not a documented part of Node: what it
 * must look like is checked before it is used, and everything falls back to the documented call.
 */

/** The native stream of a zlib object, as `processChunkSync` of Node's lib/zlib.js uses it. */
interface Handle {
  reset(): void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
  onerror: (message: string, errno: number, code: string) => void;
}

/** A zlib object with the inside that is needed: `_writeState` is [room left, input left]. */
interface Inside {
  readonly _handle: Handle;
  readonly _writeState: Uint32Array;
}

type Decode = (data: Uint8Array, into: Uint8Array) => number;

interface Kind {
  readonly name: string;
  readonly create: () => object;
  readonly finish: number;
  /** Whether the native stream must be reset between pieces; zstd's begins anew by itself. */
  readonly reset: boolean;
  readonly documented: Decode;
}

/** Node's zlib is loaded when the first piece comes: many a dump is not compressed. */
function whenNeeded(kindOf: (zlib: typeof Zlib) => Kind): Decode {
  let decode: Decode | undefined;
  return (data, into) => {
    decode ??= decoder(kindOf(process.getBuiltinModule('node:zlib')));
    return decode(data, into);
  };
}

/** Inflates a zlib stream into `into`. @throws Error on damaged data, or more than fits. */
export const inflate: Decode = whenNeeded((zlib) => ({
  name: 'zlib',
  create: () => zlib.createInflate(),
  finish: zlib.constants.Z_FINISH,
  reset: true,
  documented: (data, into) => put(zlib.inflateSync(data, { maxOutputLength: into.length }), into),
}));

/** Decompresses a zstd frame into `into`. @throws Error on damaged data, or more than fits. */
export const unzstd: Decode = whenNeeded((zlib) => ({
  name: 'zstd',
  create: () => zlib.createZstdDecompress(),
  finish: zlib.constants.ZSTD_e_end,
  reset: false,
  documented: (data, into) =>
    put(zlib.zstdDecompressSync(data, { maxOutputLength: into.length }), into),
}));

function put(bytes: Uint8Array, into: Uint8Array): number {
  into.set(bytes);
  return bytes.length;
}

/** A decoder that keeps its native stream; exported for the test of its fallback. */
export function decoder(kind: Kind): Decode {
  let inside: Inside | undefined;
  let usable = true;
  let failure: string | undefined;

  const open = (): Inside | undefined => {
    const made = kind.create();
    if (!hasInside(made)) {
      usable = false;
      return undefined;
    }
    made._handle.onerror = (message) => {
      failure = message;
    };
    return made;
  };

  return (data, into) => {
    if (usable) inside ??= open();
    if (!inside || data.length === 0) return kind.documented(data, into);
    const { _handle: handle, _writeState: state } = inside;
    failure = undefined;
    if (kind.reset) handle.reset();
    handle.writeSync(kind.finish, data, 0, data.length, into, 0, into.length);
    if (failure !== undefined) {
      // A stream that failed keeps its failure; the next piece gets a new one.
      inside = undefined;
      throw new Error(failure);
    }
    const [room, left] = state;
    if (left > 0) {
      // More content than fits, or bytes after the end: the documented call decides which.
      inside = undefined;
      return kind.documented(data, into);
    }
    return into.length - room;
  };
}

function hasInside(made: object): made is Inside {
  const { _handle: handle, _writeState: state } = made as Partial<Inside>;
  return (
    typeof handle === 'object' &&
    handle !== null &&
    typeof handle.reset === 'function' &&
    typeof handle.writeSync === 'function' &&
    state instanceof Uint32Array &&
    state.length >= 2
  );
}
