/**
 * What happens to a line between the kernel and the file, undone: terminal escapes, mail quoting,
 * quoted-printable, HTML, escapes of /dev/kmsg. (Line ends and lone carriage returns are the
 * parser's.)
 */

/** Bytes that need one of the steps below, or may; most lines have none. */
const SUSPICIOUS = new Set(['>', '&', '\\'].map((each) => each.charCodeAt(0)));

/**
 * Whether a line with this byte in it must be cleaned. `=` is a case of its own: AMD-Vi's lines are
 * full of it, and only `=3D` matters.
 */
export function isSuspicious(byte: number): boolean {
  return (byte < 32 && byte !== 9) || byte >= 127 || SUSPICIOUS.has(byte);
}

const ESCAPE_SEQUENCES =
  // CSI; OSC and other strings, which end with BEL, ST or the line; two-byte escapes.
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-OQ-WYZ\\`-~])|\u009b[0-?]*[ -/]*[@-~]/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
const QUOTE = /^(?:[ \t]?>)+[ \t]?/;

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

/**
 * One line without its mangling. The result may hold newlines: /dev/kmsg and netconsole write a
 * message of two lines as one, with `\x0a`.
 */
export function clean(line: string): string {
  let text = stripControls(line);
  text = text.replace(QUOTE, '');
  if (text.includes('=3D')) text = decodeQuotedPrintable(text);
  if (text.includes('&'))
    text = text.replace(/&(?:#(\d{1,6})|([a-z]{2,4}));/g, (whole, code: string, name: string) =>
      code ? safeCharacter(Number(code)) : (ENTITIES[name] ?? whole),
    );
  if (text.includes('\\x'))
    text = stripControls(
      text.replace(/\\x([0-9a-f]{2})/gi, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      ),
    );
  return text.replaceAll('\u00a0', ' ');
}

/** Without terminal escapes and controls other than tab and newline. */
function stripControls(text: string): string {
  return text.replace(ESCAPE_SEQUENCES, '').replace(CONTROLS, '');
}

function safeCharacter(code: number): string {
  return code >= 32 && code < 0xd800 ? String.fromCharCode(code) : '';
}

/**
 * Only where every `=` is an escape: the kernel's own `device=20:00.0` looks like one, but in
 * quoted-printable its `=` would be `=3D`.
 */
function decodeQuotedPrintable(text: string): string {
  if (/=(?![0-9A-F]{2}|$)/.test(text)) return text;
  return text.replace(/=([0-9A-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/**
 * What two lines were before they were broken apart, the likeliest first: cut in two by a
 * terminal, by a soft break of quoted-printable, or at a blank.
 */
export function waysToJoin(line: string, next: string): string[] {
  const straight = line + next;
  const spaced = `${line.trimEnd()} ${next.trimStart()}`;
  return line.endsWith('=') ? [straight, line.slice(0, -1) + next, spaced] : [straight, spaced];
}
