/**
 * Whether a page could be a table, by nothing but its 1024 words. Each test leaves at the first
 * entry that could not be one, so that nearly all pages cost a few comparisons.
 */

const HIGH_ADDRESS = 0xfff0_0000;

/** Present entries of a legacy root table (VT-d 4.1 §9.1); 0 when the page can't be one. */
export function legacyRoot(words: Uint32Array): number {
  let present = 0;
  for (let at = 0; at < 1024; at += 4) {
    if ((words[at + 2] | words[at + 3]) !== 0) return 0;
    const low = words[at];
    if (low === 0 && words[at + 1] === 0) continue;
    if ((low & 0xfff) !== 1 || !isAddress(low, words[at + 1])) return 0;
    present++;
  }
  return present;
}

/** Present halves of a scalable-mode root table (§9.2). */
export function scalableRoot(words: Uint32Array): number {
  let present = 0;
  for (let at = 0; at < 1024; at += 2) {
    const low = words[at];
    if (low === 0 && words[at + 1] === 0) continue;
    if ((low & 0xfff) !== 1 || !isAddress(low, words[at + 1])) return 0;
    present++;
  }
  return present;
}

/** Present entries of a legacy context table (§9.3). */
export function legacyContext(words: Uint32Array): number {
  let present = 0;
  for (let at = 0; at < 1024; at += 4) {
    const [low, high, second] = [words[at], words[at + 1], words[at + 2]];
    if ((low | high | second | words[at + 3]) === 0) continue;
    const type = (low >>> 2) & 3;
    const width = second & 7;
    if ((low & 1) === 0 || (low & 0xff0) !== 0 || type === 3) return 0;
    if (width < 1 || width > 3 || (second & 0xff00_0080) !== 0 || words[at + 3] !== 0) return 0;
    if (type !== 2 && !isAddress(low, high)) return 0;
    present++;
  }
  return present;
}

/** Present entries of a scalable-mode context table (§9.4). */
export function scalableContext(words: Uint32Array): number {
  let present = 0;
  for (let at = 0; at < 1024; at += 8) {
    const low = words[at];
    let any = 0;
    for (let word = 3; word < 8; word++) any |= words[at + word];
    if (any !== 0) return 0;
    if ((low | words[at + 1] | words[at + 2]) === 0) continue;
    if ((low & 1) === 0 || (low & 0x1e0) !== 0 || !isAddress(low, words[at + 1])) return 0;
    if ((words[at + 2] & 0xffe0_0000) !== 0) return 0;
    present++;
  }
  return present;
}

/** Present entries of an interrupt remapping table of VT-d (§9.10, §9.11). */
export function interruptPage(words: Uint32Array): number {
  let present = 0;
  for (let at = 0; at < 1024; at += 4) {
    const [low, destination, source] = [words[at], words[at + 1], words[at + 2]];
    if ((low | destination | source | words[at + 3]) === 0) continue;
    if (!isInterruptEntry(low, destination, source, words[at + 3])) return 0;
    present++;
  }
  return present;
}

function isInterruptEntry(low: number, destination: number, source: number, top: number): boolean {
  if ((low & 1) === 0 || (low & 0xff00_7000) !== 0) return false;
  // Posted entries hold an address where others have the destination; they are rarely all.
  if ((low & 0x8000) !== 0) return ((source >>> 18) & 3) !== 3;
  const delivery = (low >>> 5) & 7;
  const vector = (low >>> 16) & 0xff;
  return (
    top === 0 &&
    (source & 0xfff0_0000) === 0 &&
    ((source >>> 18) & 3) !== 3 &&
    delivery !== 3 &&
    delivery !== 6 &&
    vector >= 0x10 &&
    // xAPIC: bits 15:8; x2APIC: fewer processors than 2^16.
    ((destination & 0xffff_00ff) === 0 || destination < 0x1_0000)
  );
}

/** What a page of 128 device table entries holds. */
export interface DevicePage {
  /** Entries that point to host page tables. */
  readonly own: number;
  /** Other entries that are not zero. */
  readonly other: number;
}

/** Whether a page could be part of a device table (48882 rev 3.08 §2.2.2.1). */
export function devicePage(words: Uint32Array): DevicePage | undefined {
  let own = 0;
  let other = 0;
  for (let at = 0; at < 1024; at += 8) {
    let any = 0;
    for (let word = 0; word < 8; word++) any |= words[at + word];
    if (any === 0) continue;
    const [low, high] = [words[at], words[at + 1]];
    const mode = (low >>> 9) & 7;
    // V and TV; bits 3:2 and 63 are reserved, and no unit of today has 7 levels.
    if ((low & 0xc) !== 0 || (high & 0x8000_0000) !== 0 || mode === 7) return undefined;
    if ((low & 1) === 0 && (low | high | words[at + 2] | words[at + 3]) !== 0) return undefined;
    if ((low & 2) === 0 && mode !== 0) return undefined;
    if (mode !== 0 && !isAddress(low & 0xffff_f000, high & 0xf_ffff)) return undefined;
    const interrupts = words[at + 4];
    const control = (words[at + 5] >>> 28) & 3;
    if ((interrupts & 1) !== 0 && (control === 3 || ((interrupts >>> 1) & 0xf) > 11))
      return undefined;
    // Bits 181:180 are reserved; the guest part is empty on hosts.
    if ((words[at + 5] & 0x0030_0000) !== 0 || (words[at + 6] & 0x7fff) !== 0) return undefined;
    if (mode !== 0) own++;
    else other++;
  }
  return own + other > 0 ? { own, other } : undefined;
}

/** A page address of at most 52 bits that is not 0; bits 11:0 of the low word are not looked at. */
function isAddress(low: number, high: number): boolean {
  return (high & HIGH_ADDRESS) === 0 && ((low & 0xffff_f000) !== 0 || high !== 0);
}
