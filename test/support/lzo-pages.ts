import { noisePage, patternPage } from './dump-writer.ts';

/** Words for text that repeats at all distances. */
const WORDS = 'the device table entry of a unit points to pages that no one else may write'.split(
  ' ',
);

/**
 * The contents whose compressed forms stand in `test/fixtures/lzo`, made by Debian's lzop 1.04
 * (`lzop -LEVEL -c`; level 1 is LZO1X-1, level 9 is LZO1X-999, which uses all instructions). 64 KiB of text reaches distances beyond 16 KiB and 48 KiB.
 */
export const LZO_PAGES: readonly (readonly [string, Uint8Array])[] = [
  ['zeros', new Uint8Array(4096)],
  ['pattern', patternPage(7)],
  ['noise', noisePage(7)],
  ['entries', entries()],
  ['text', text(4096)],
  ['far', farText()],
  ['short', new TextEncoder().encode('short')],
];

/** A page table: addresses that rise, rights, some entries clear. */
function entries(): Uint8Array {
  const page = new Uint8Array(4096);
  const view = new DataView(page.buffer);
  for (let index = 0; index < 512; index++)
    if (index % 7 !== 3)
      view.setBigUint64(index * 8, 0x1_2345_6000n + BigInt(index * 0x1000) + 3n, true);
  return page;
}

function text(length: number): Uint8Array {
  let state = 12345;
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 16;
  };
  let out = '';
  while (out.length < length) out += `${WORDS[next() % WORDS.length]} ${next() % 100} `;
  return new TextEncoder().encode(out.slice(0, length));
}

/** Text whose parts come again after 17 KiB and after 40 KiB. */
function farText(): Uint8Array {
  const out = new Uint8Array(65_536);
  const part = text(2048);
  for (const at of [0, 17_000, 18_900, 40_000, 63_000]) out.set(part, at);
  return out;
}
