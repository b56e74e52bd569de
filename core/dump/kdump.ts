import { formatCount } from '../format/size.ts';
import { Failure } from '../memory/failure.ts';
import type { OpenContext } from './context.ts';
import type { Dump, Note } from './dump.ts';
import type { DumpFindings } from './findings.ts';
import type { Image } from './image.ts';
import { readSome, textOf } from './image.ts';
import type { KdumpHeader, Region } from './kdump-header.ts';
import { NEWEST_VERSION, readKdumpHeader } from './kdump-header.ts';
import { KdumpMemory } from './kdump-memory.ts';
import type { KdumpPart } from './kdump-memory.ts';
import { MAX_NOTE_BYTES, parseNotes, vmcoreinfoOf } from './notes.ts';

/**
 * Opens a kdump-compressed dump: one file, or the files of one split set in any order.
 * Only headers are read; bitmaps and page descriptors follow as pages are asked for.
 * @throws Failure when a header can't be read or the files do not belong together.
 */
export function openKdump(images: readonly Image[], context: OpenContext): Dump {
  const { findings } = context;
  const parts = orderParts(images);
  const { header, image } = parts[0];
  if (header.version > NEWEST_VERSION)
    findings.add(
      'warning',
      'header-version',
      `The header is of version ${header.version}; versions up to ${NEWEST_VERSION} are known, and later ones have only added members.`,
    );
  const notes = readNotes(image, header, findings);
  const vmcoreinfo =
    vmcoreinfoOf(notes) ?? textOfRegion(image, header.vmcoreinfo, 'VMCOREINFO', findings);
  const eraseinfo = textOfRegion(image, header.eraseinfo, 'eraseinfo', findings);
  const memory = new KdumpMemory(parts, context);
  if (header.split) reportGaps(parts, findings);
  const marked = parts.some((part) => part.header.incomplete);
  if (marked)
    findings.add(
      'error',
      'dump-incomplete',
      'The writer marked this dump as incomplete (status 0x8): it ran out of space or was stopped; pages that it did not reach are missing.',
    );
  let truncated: boolean | undefined;
  const isTruncated = (): boolean => {
    if (truncated === undefined) {
      truncated = memory.truncated;
      if (truncated)
        findings.add(
          'error',
          'dump-truncated',
          'Bitmaps, page descriptors or pages that the headers promise are not in the file: it was cut off, or the writer was stopped; pages there are missing.',
        );
    }
    return truncated;
  };
  let codecs: readonly string[] | undefined;
  return {
    format: 'kdump',
    flattened: context.flattened,
    get compression() {
      return (codecs ??= memory.codecs());
    },
    memory,
    notes,
    vmcoreinfo,
    facts: {
      blockSize: header.blockSize,
      maxPfn: memory.maxPfn,
      machine: header.utsname.machine || undefined,
      headerVersion: header.version,
      utsname: header.utsname,
      time: header.time,
      dumpLevel: header.dumpLevel,
      nrCpus: header.nrCpus,
      physBase: header.physBase,
      split: header.split
        ? parts.map((part) => ({ name: part.image.name, from: part.from, to: part.to }))
        : undefined,
      eraseinfo,
    },
    get incomplete() {
      return isTruncated() || marked || context.cutOff;
    },
    get findings() {
      isTruncated();
      return findings.list;
    },
    counts: () => memory.counts(),
    close() {
      memory.close();
      for (const part of parts) part.image.close();
    },
  };
}

/** Reads all headers and puts the files of a split set in order. */
function orderParts(images: readonly Image[]): KdumpPart[] {
  const parts = images.map((image): KdumpPart => {
    const header = readKdumpHeader(image);
    // A window that ends before it starts, or beyond the machine, holds nothing there.
    const from = Math.min(header.split?.from ?? 0, header.maxFrame);
    const to = Math.min(header.split?.to ?? header.maxFrame, header.maxFrame);
    return { image, header, from, to: Math.max(from, to) };
  });
  if (parts.length === 1) return parts;
  for (const part of parts)
    if (!part.header.split)
      throw notOneSet(
        `${part.image.name} is a whole dump and no part of a split one.`,
        'Several files are read together only when they are the parts of one split dump.',
      );
  parts.sort((a, b) => a.from - b.from || a.to - b.to);
  for (let index = 1; index < parts.length; index++) {
    const [before, part] = [parts[index - 1], parts[index]];
    const difference = differs(parts[0].header, part.header);
    if (difference)
      throw notOneSet(
        `${part.image.name} and ${parts[0].image.name} are parts of different dumps: they differ in ${difference}.`,
        'Their pages belong to different machines or moments.',
      );
    if (part.from < before.to)
      throw notOneSet(
        `${before.image.name} and ${part.image.name} hold the same pages.`,
        'One part was named twice, or the parts are of different dumps.',
      );
  }
  return parts;
}

function notOneSet(happened: string, means: string): Failure {
  return new Failure('usage', happened, means, 'Name each part of one split dump once.');
}

/** What two headers of one set can't differ in. */
function differs(a: KdumpHeader, b: KdumpHeader): string | undefined {
  if (a.version !== b.version) return 'the header version';
  if (a.blockSize !== b.blockSize) return 'the block size';
  if (a.maxFrame !== b.maxFrame) return 'the size of memory';
  if (a.bitmapBlocks !== b.bitmapBlocks || a.subHeaderBlocks !== b.subHeaderBlocks)
    return 'the size of their bitmaps';
  if (a.time !== b.time) return 'the time of the dump';
  const same = Object.entries(a.utsname).every(
    ([key, value]) => b.utsname[key as keyof typeof a.utsname] === value,
  );
  return same ? undefined : 'the name and release of the machine';
}

function reportGaps(parts: readonly KdumpPart[], findings: DumpFindings): void {
  const last = parts[0].header.maxFrame;
  let next = 0;
  let missing = 0;
  for (const part of parts) {
    missing += Math.max(0, part.from - next);
    next = Math.max(next, part.to);
  }
  missing += Math.max(0, last - next);
  if (missing > 0)
    findings.add(
      'error',
      'split-part-missing',
      `The parts that were given leave out ${formatCount(missing)} of ${formatCount(last)} page frames of the split dump: name all of its files.`,
    );
}

function readNotes(image: Image, header: KdumpHeader, findings: DumpFindings): readonly Note[] {
  const bytes = readRegion(image, header.notes, 'notes', findings);
  if (!bytes) return [];
  const { notes, damage } = parseNotes(bytes);
  if (damage) findings.add('warning', 'notes-damaged', `The notes are damaged: ${damage}.`);
  return notes;
}

function textOfRegion(
  image: Image,
  region: Region | undefined,
  what: string,
  findings: DumpFindings,
): string | undefined {
  const bytes = readRegion(image, region, what, findings);
  return bytes && textOf(bytes);
}

function readRegion(
  image: Image,
  region: Region | undefined,
  what: string,
  findings: DumpFindings,
): Uint8Array | undefined {
  if (!region) return undefined;
  const bytes = readSome(image, region.offset, Math.min(region.size, MAX_NOTE_BYTES));
  if (bytes.length < region.size)
    findings.add(
      'warning',
      'region-truncated',
      `Of the ${what}, ${formatCount(bytes.length)} of ${formatCount(region.size)} bytes are read: the sub-header gives it a place outside of the file, or an impossible size.`,
    );
  return bytes;
}
