import { hex } from '../format/hex.ts';
import { formatCount } from '../format/size.ts';
import { Failure } from '../memory/failure.ts';
import type { AvmlBlock } from './avml-image.ts';
import { AvmlImage, indexChunks } from './avml-image.ts';
import type { OpenContext } from './context.ts';
import type { Dump } from './dump.ts';
import { extentDump } from './extent-dump.ts';
import { DATA, ExtentList, FAILED } from './extent-memory.ts';
import type { Image } from './image.ts';
import { readExact, u64, viewOf } from './image.ts';
import { RANGE_HEADER, readRangeHeader } from './lime-headers.ts';

/** The compressed length after each block's stream: a u64. */
const TRAILER = 8;

/** Blocks that are read at most; at AVML's 16 MiB each they make 16 TiB. */
const MAX_BLOCKS = 1_000_000;

/** Blocks whose lengths sum to more can't be told apart by exact numbers. */
const CONTENT_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * Opens an AVML file of version 2: for each block of at most 16 MiB a header as LiME's, a framed
 * Snappy stream, and the stream's length. AVML leaves out blocks that are all zero, so a gap may
 * be memory that reads as zero or no memory at all.
 */
export function openAvml(image: Image, context: OpenContext): Dump {
  const { blocks, damage } = blocksFromEnd(image) ?? blocksFromStart(image);
  if (blocks.length === 0)
    throw new Failure(
      'unreadable',
      `${image.name} is no AVML file with a block in it: ${damage}.`,
      'Its first block header is damaged or cut off.',
      'Copy the dump again and compare the sizes.',
    );
  if (damage)
    context.findings.add(
      'error',
      'dump-truncated',
      `After ${formatCount(blocks.length)} blocks: ${damage}; memory after that is missing.`,
    );
  const content = new AvmlImage(image, blocks);
  const extents = new ExtentList();
  blocks.forEach((block, index) => {
    const known = block.start + Math.min(block.known ?? Infinity, block.end - block.start);
    extents.add(DATA, block.start, known, content.bases[index]);
    extents.add(FAILED, known, block.end, 0);
  });
  return extentDump(content, context, {
    format: 'avml',
    compression: ['snappy'],
    extents,
    words: {
      absent:
        'no block of the AVML file covers this page: the machine has no RAM there, or all 16 MiB around it are zero and were left out',
      failed: 'a block header promises this page, and the file does not hold it',
    },
    incomplete: damage !== undefined,
  });
}

interface FoundBlock extends AvmlBlock {
  /** Bytes of content that the file holds, when they are fewer than the header says. */
  readonly known?: number;
}

interface Blocks {
  readonly blocks: readonly FoundBlock[];
  /** What ended the chain of blocks before the end of the file. */
  readonly damage: string | undefined;
}

/**
 * Follows the stored lengths from the end of the file to its start: a read or two per block.
 * @returns undefined when the chain does not reach the start exactly; the file is damaged then.
 */
function blocksFromEnd(image: Image): Blocks | undefined {
  const blocks: FoundBlock[] = [];
  let end = image.size;
  let content = 0;
  while (end > 0) {
    const trailer = readExact(image, end - TRAILER, TRAILER);
    if (!trailer || blocks.length === MAX_BLOCKS) return undefined;
    const dataLength = u64(viewOf(trailer), 0);
    const at = end - TRAILER - dataLength - RANGE_HEADER;
    if (at < 0) return undefined;
    const header = readRangeHeader(image, at);
    if (typeof header === 'string' || header.format !== 'avml') return undefined;
    const { start, end: memoryEnd } = header;
    blocks.push({ start, end: memoryEnd, dataAt: at + RANGE_HEADER, dataLength });
    content += memoryEnd - start;
    if (content > CONTENT_LIMIT) return undefined;
    end = at;
  }
  return { blocks: blocks.reverse(), damage: undefined };
}

/** Walks the chunks of each block to find the next one: for files that are cut off. */
function blocksFromStart(image: Image): Blocks {
  const blocks: FoundBlock[] = [];
  let at = 0;
  let content = 0;
  while (at < image.size) {
    const header = readRangeHeader(image, at);
    if (typeof header === 'string') return { blocks, damage: `${header} (${hex(at)})` };
    const { start, end } = header;
    const length = end - start;
    content += length;
    if (header.format !== 'avml' || content > CONTENT_LIMIT || blocks.length === MAX_BLOCKS)
      return { blocks, damage: 'the blocks are of mixed kinds, too large or too many' };
    const dataAt = at + RANGE_HEADER;
    const index = indexChunks(image, dataAt, image.size, length);
    const block = { start, end, dataAt, dataLength: index.end - dataAt };
    blocks.push(index.damage === undefined ? block : { ...block, known: index.length });
    if (index.damage !== undefined) return { blocks, damage: index.damage };
    const trailer = readExact(image, index.end, TRAILER);
    if (!trailer || u64(viewOf(trailer), 0) !== index.end - dataAt)
      return { blocks, damage: `the length after the block at ${hex(at)} is missing or wrong` };
    at = index.end + TRAILER;
  }
  return { blocks, damage: undefined };
}
