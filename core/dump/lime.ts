import { hex } from '../format/hex.ts';
import { formatCount, formatSize } from '../format/size.ts';
import { Failure } from '../memory/failure.ts';
import type { OpenContext } from './context.ts';
import type { Dump } from './dump.ts';
import { extentDump } from './extent-dump.ts';
import { ExtentList } from './extent-memory.ts';
import type { Image } from './image.ts';
import { RANGE_HEADER, readRangeHeader } from './lime-headers.ts';

/** Ranges that are read at most; a machine's memory map has some dozens. */
const MAX_RANGES = 1_000_000;

/**
 * Opens a LiME file of the `lime` format: a header and plain bytes for each range of System RAM.
 * Nothing is left out by a filter: what no range covers, the machine does not have.
 */
export function openLime(image: Image, context: OpenContext): Dump {
  const { findings } = context;
  const extents = new ExtentList();
  let missing = 0;
  let at = 0;
  let ranges = 0;
  let broken = false;
  while (at < image.size && !broken) {
    const header = readRangeHeader(image, at);
    if (typeof header === 'string' || header.format !== 'lime' || ranges === MAX_RANGES) {
      broken = true;
      const why = typeof header === 'string' ? header : 'the ranges are of mixed kinds or too many';
      findings.add(
        'error',
        'dump-truncated',
        `After ${formatCount(ranges)} ranges, at ${hex(at)}: ${why}; memory of later ranges is missing.`,
      );
      break;
    }
    const length = header.end - header.start;
    const lacks = extents.addStored(image, header.start, length, at + RANGE_HEADER);
    if (lacks > 0)
      findings.add(
        'error',
        'dump-truncated',
        `The file lacks ${formatSize(lacks)} of the range at ${hex(header.start)}, and whatever came after it.`,
      );
    missing += lacks;
    at += RANGE_HEADER + length;
    ranges++;
  }
  if (ranges === 0)
    throw new Failure(
      'unreadable',
      `${image.name} is no LiME file with a whole range in it.`,
      'Its first range header is damaged or cut off.',
      'Copy the dump again and compare the sizes.',
    );
  return extentDump(image, context, {
    format: 'lime',
    extents,
    words: {
      absent: 'no range of the LiME file covers this page: the machine has no RAM there',
      failed: 'a range header promises this page, and the file does not hold it',
    },
    incomplete: broken || missing > 0,
  });
}
