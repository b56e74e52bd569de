/**
 * What of a connection to a terminal server is Telnet's and no console's (RFC 854, RFC 855).
 * Servers in front of serial consoles speak it or do not, and seldom say so beforehand.
 */

/** Telnet's command bytes (RFC 854). */
const SE = 240;
const BREAK = 243;
const SB = 250;
const WILL = 251;
const WONT = 252;
const DO = 253;
const DONT = 254;
const IAC = 255;

const CR = 13;
const NUL = 0;

/** Options that are agreed to: the bytes as they are, no echo of our own, both ways at once. */
const BINARY = 0;
const ECHO = 1;
const SUPPRESS_GO_AHEAD = 3;
const OURS: ReadonlySet<number> = new Set([BINARY, SUPPRESS_GO_AHEAD]);
const THEIRS: ReadonlySet<number> = new Set([BINARY, ECHO, SUPPRESS_GO_AHEAD]);

/** Bytes of a connection within which a server begins to negotiate, if it does. */
const BEGINS_WITHIN = 4096;

const NOTHING = new Uint8Array(0);

/** `auto`: once the other end begins to negotiate. */
export type TelnetMode = 'auto' | 'always' | 'never';

/**
 * One connection's Telnet. Without it 0xff is a byte like others; with it commands are taken out
 * of what comes, and every option but the three above is refused, once (RFC 854: only a change is
 * answered, so that two ends never answer each other for ever).
 */
export class Telnet {
  readonly #reply: (bytes: Uint8Array) => void;
  readonly #may: boolean;
  #on: boolean;
  /** Bytes that came so far, while a negotiation may still begin. */
  #seen = 0;
  /** The start of what may be the first command, which the piece ended in. */
  #held: Uint8Array = NOTHING;
  /** A command that is not whole yet; a sub-negotiation keeps no more than its end. */
  #open: number[] = [];
  #inside = false;
  #afterCr = false;
  /** Options that the other end has on, and those that this end has. */
  readonly #theirs = new Set<number>();
  readonly #ours = new Set<number>();

  /** @param reply sends an answer to the other end */
  constructor(mode: TelnetMode, reply: (bytes: Uint8Array) => void) {
    this.#on = mode === 'always';
    this.#may = mode !== 'never';
    this.#reply = reply;
  }

  /** Whether the connection speaks Telnet. */
  get on(): boolean {
    return this.#on;
  }

  /** The console's own bytes of what came. */
  take(bytes: Uint8Array): Uint8Array {
    const held = this.#held;
    const all = held.length === 0 ? bytes : Uint8Array.from([...held, ...bytes]);
    this.#held = NOTHING;
    if (!this.#on && !this.#begins(all)) {
      const whole = all.length - this.#held.length;
      return whole === all.length ? all : all.subarray(0, whole);
    }
    const out: number[] = [];
    for (const byte of all) this.#one(byte, out);
    return Uint8Array.from(out);
  }

  /** What is sent so that the other end gets these bytes. */
  send(bytes: Uint8Array): Uint8Array {
    if (!this.#on) return bytes;
    const binary = this.#ours.has(BINARY);
    const out: number[] = [];
    for (const byte of bytes) {
      out.push(byte);
      if (byte === IAC) out.push(IAC);
      // A return alone is CR NUL (RFC 854, "The Network Virtual Terminal").
      else if (byte === CR && !binary) out.push(NUL);
    }
    return Uint8Array.from(out);
  }

  /** The command that has the other end hold its line in the break state. */
  static get breakCommand(): Uint8Array {
    return Uint8Array.of(IAC, BREAK);
  }

  /** Whether a negotiation begins in these bytes; it turns Telnet on. */
  #begins(bytes: Uint8Array): boolean {
    if (!this.#may || this.#seen >= BEGINS_WITHIN) return false;
    for (let at = bytes.indexOf(IAC); at >= 0; at = bytes.indexOf(IAC, at + 1)) {
      const command = bytes[at + 1];
      if (command === undefined) this.#held = bytes.subarray(at);
      else if (command >= WILL && command <= DONT) this.#on = true;
    }
    if (this.#on) this.#held = NOTHING;
    this.#seen += bytes.length - this.#held.length;
    return this.#on;
  }

  #one(byte: number, out: number[]): void {
    if (this.#inside) return this.#skip(byte);
    if (this.#open.length === 0) {
      if (byte === IAC) this.#open.push(byte);
      else this.#data(byte, out);
      return;
    }
    if (this.#open.length === 1) {
      if (byte >= WILL && byte <= DONT) this.#open.push(byte);
      else {
        this.#open = [];
        if (byte === IAC) this.#data(byte, out);
        // Everything else is two bytes long and nothing that a console shows.
        else this.#inside = byte === SB;
      }
      return;
    }
    const [, command] = this.#open;
    this.#open = [];
    this.#option(command, byte);
  }

  #data(byte: number, out: number[]): void {
    const padding = this.#afterCr && byte === NUL && !this.#theirs.has(BINARY);
    this.#afterCr = byte === CR;
    if (!padding) out.push(byte);
  }

  /** Goes over a sub-negotiation: none was agreed to. It ends at IAC SE. */
  #skip(byte: number): void {
    if (this.#open.length === 0) {
      if (byte === IAC) this.#open.push(byte);
      return;
    }
    this.#open = [];
    this.#inside = byte !== SE;
  }

  #option(command: number, option: number): void {
    const their = command === WILL || command === WONT;
    const state = their ? this.#theirs : this.#ours;
    const wanted = command === WILL || command === DO;
    const agreed = wanted && (their ? THEIRS : OURS).has(option);
    if (wanted && !agreed) return this.#say(their ? DONT : WONT, option);
    if (state.has(option) === wanted) return;
    if (wanted) state.add(option);
    else state.delete(option);
    this.#say(their ? (wanted ? DO : DONT) : wanted ? WILL : WONT, option);
  }

  #say(command: number, option: number): void {
    this.#reply(Uint8Array.of(IAC, command, option));
  }
}
