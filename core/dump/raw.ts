import { hex } from '../format/hex.ts';
import { Failure } from '../memory/failure.ts';
import { PAGE_SIZE } from '../memory/physical.ts';
import type { OpenContext } from './context.ts';
import type { Dump } from './dump.ts';
import { extentDump } from './extent-dump.ts';
import { ExtentList, FAILED } from './extent-memory.ts';
import type { Image } from './image.ts';

/** Physical addresses of x86 have at most 52 bits. */
const ADDRESS_LIMIT = 1n << 52n;

/**
 * Opens a plain image of memory: the byte at offset 0 stands at physical address `base`. Holes of
 * the machine's memory map are in it as whatever filled them; the image can't tell.
 */
export function openRaw(image: Image, context: OpenContext, base: bigint): Dump {
  if (base < 0n || base % BigInt(PAGE_SIZE) !== 0n || base + BigInt(image.size) > ADDRESS_LIMIT)
    throw new Failure(
      'usage',
      `${hex(base)} can't be the base of a raw image.`,
      'It must be a multiple of 4 KiB, and the image must end below 2^52.',
      'Give the physical address of the first byte of the image.',
    );
  if (image.size === 0)
    throw new Failure(
      'unreadable',
      `${image.name} is empty.`,
      'There is no memory in it.',
      'Check how it was written.',
    );
  const extents = new ExtentList();
  const start = Number(base);
  const whole = image.size % PAGE_SIZE === 0;
  const missing = extents.addStored(image, start, image.size, 0);
  if (!whole) {
    const end = start + image.size;
    extents.add(FAILED, end, Math.ceil(end / PAGE_SIZE) * PAGE_SIZE, 0);
    context.findings.add(
      'warning',
      'dump-truncated',
      'The image does not end at a page boundary: it was cut off, or is no plain image of memory; its last page is missing.',
    );
  }
  return extentDump(image, context, {
    format: 'raw',
    extents,
    words: {
      absent: 'the raw image does not reach this page',
      failed: 'the image ends within this page',
    },
    incomplete: !whole || missing > 0,
  });
}
