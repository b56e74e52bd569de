/**
 * What stands before the message: time stamps, levels, caller ids, the prefixes of syslog, the
 * journal, netconsole and `dmesg -x`.
 */
export interface Prefix {
  /** Characters before the message. */
  readonly length: number;
  /** Seconds of the kernel's clock. A wall-clock stamp or a difference to the line before is none. */
  readonly time: number | undefined;
  /** Whether anything stands there that only the start of a printed line has. */
  readonly stamped: boolean;
}

const NONE: Prefix = { length: 0, time: undefined, stamped: false };

/** `[   12.345678] `, the kernel's own stamp; the `[` is sometimes lost. */
const STAMP = /\[? *(\d{1,9}\.\d{6})\] ?/y;

const OTHERS: readonly RegExp[] = [
  // Caller id: task or processor.
  /\[ *[TC]\d{1,10}\] ?/y,
  // dmesg -d, dmesg -T and -H, terminal programs' own.
  /\[ *\+ *\d{1,9}\.\d{6}\] ?/y,
  /\[(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} {0,2}\d{1,2} \d\d:\d\d(?::\d\d(?: \d{4})?)?\] ?/y,
  /\[(?:\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\] ?/y,
  // dmesg -r and serial consoles with levels; dmesg -x.
  /<\d{1,3}>/y,
  /(?:kern|user|daemon|syslog|auth|local\d) *: *(?:emerg|alert|crit|err|warn|notice|info|debug) *: */y,
  // The journal and syslog: anything short up to `kernel:`.
  /(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^ ]{0,20})? *(?:[\w.-]{1,64} +)?kernel: ?/y,
];

/** netconsole's extended form and /dev/kmsg: priority, sequence, microseconds, flags. */
const NETCONSOLE = /(?:[\w.+~-]{1,64},)?\d{1,4},\d{1,20},(\d{1,17}),[^,;]{0,4}(?:,[^;]{0,80})?;/y;

const MOST_PARTS = 8;

const BRACKET = 91;
const ANGLE = 60;

/** Reads the prefixes at the start of a cleaned line. */
export function readPrefix(text: string): Prefix {
  return readStamp(text) ?? readAnyPrefix(text);
}

/** The kernel's stamp and nothing else: so nearly every line begins. */
function readStamp(text: string): Prefix | undefined {
  if (text.charCodeAt(0) !== BRACKET) return undefined;
  const stamp = match(STAMP, text, 0);
  if (!stamp) return undefined;
  const length = STAMP.lastIndex;
  const next = text.charCodeAt(length);
  if (next === BRACKET || next === ANGLE || text.includes('kernel: ')) return undefined;
  return { length, time: Number(stamp[1]), stamped: true };
}

function readAnyPrefix(text: string): Prefix {
  let at = 0;
  let time: number | undefined;
  let stamped = false;
  const kernel = match(NETCONSOLE, text, 0);
  if (kernel) {
    at = NETCONSOLE.lastIndex;
    time = Number(kernel[1]) / 1e6;
    stamped = true;
  }
  for (let part = 0; part < MOST_PARTS; part++) {
    const stamp = match(STAMP, text, at);
    if (stamp) {
      at = STAMP.lastIndex;
      time ??= Number(stamp[1]);
      stamped = true;
      continue;
    }
    const other = OTHERS.find((pattern) => match(pattern, text, at));
    if (!other) break;
    at = other.lastIndex;
    stamped = true;
  }
  return at === 0 ? NONE : { length: at, time, stamped };
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** What any stamp has: a digit before its bracket, and a blank behind. */
const MAYBE_STAMP = /\d\] /;
/** A stamp that stands inside a line: what follows it is a line of its own whose newline was lost. */
const INNER_STAMP = /\[ {0,6}\d{1,9}\.\d{6}\] /g;

/**
 * Where the lines of a cleaned line start: newlines split it, and so does a second time stamp
 * (two processors, or a shell's prompt, before it).
 */
export function splitMessages(text: string): string[] {
  if (!MAYBE_STAMP.test(text) && !text.includes('\n')) return [text];
  const parts: string[] = [];
  for (const piece of text.includes('\n') ? text.split('\n') : [text]) {
    let from = 0;
    INNER_STAMP.lastIndex = 1;
    for (let stamp = INNER_STAMP.exec(piece); stamp; stamp = INNER_STAMP.exec(piece)) {
      // Stamps in a row are one prefix (a serial logger's before the kernel's).
      const before = piece.slice(from, stamp.index);
      if (before.length > readPrefix(before).length) {
        parts.push(before);
        from = stamp.index;
      }
    }
    parts.push(from === 0 ? piece : piece.slice(from));
  }
  return parts;
}
