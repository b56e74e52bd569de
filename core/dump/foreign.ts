import { Failure } from '../memory/failure.ts';
import type { Image } from './image.ts';
import { readSome } from './image.ts';

/** Files that people give for a dump: how they start, what they are, and what to do. */
const FOREIGN: readonly { start: string | readonly number[]; what: string; advice: string }[] = [
  packed([0x1f, 0x8b], 'gzip', 'gunzip'),
  packed([0x28, 0xb5, 0x2f, 0xfd], 'zstd', 'unzstd'),
  packed([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz', 'unxz'),
  packed('BZh', 'bzip2', 'bunzip2'),
  packed([0x04, 0x22, 0x4d, 0x18], 'LZ4', 'unlz4'),
  packed([0x89, 0x4c, 0x5a, 0x4f], 'lzop', 'lzop -d'),
  packed('PK\u0003\u0004', 'ZIP', 'unzip'),
  memoryOnly('QEVM', 'a saved machine state of QEMU (virsh dump without --memory-only)'),
  memoryOnly('LibvirtQemudSave', 'a saved machine state of libvirt (virsh save)'),
  memoryOnly([0x51, 0x46, 0x49, 0xfb], 'a qcow2 disk image'),
  memoryOnly([0xd0, 0xbe, 0xd2, 0xbe], 'a VMware saved state (.vmss, .vmsn)'),
  memoryOnly([0xd1, 0xba, 0xd1, 0xba], 'a VMware saved state (.vmss, .vmsn)'),
  memoryOnly([0xd2, 0xbe, 0xd2, 0xbe], 'a VMware saved state (.vmss, .vmsn)'),
  memoryOnly([0xd3, 0xbe, 0xd3, 0xbe], 'a VMware saved state (.vmss, .vmsn)'),
  memoryOnly('PAGEDU64', 'a Windows crash dump'),
  memoryOnly('PAGEDUMP', 'a Windows crash dump'),
  memoryOnly('DISKDUMP', "a dump of the old diskdump facility, of kernels before kdump's"),
  memoryOnly([0xed, 0x23, 0x8f, 0x61, 0x73, 0x01, 0x19, 0xa8], 'an LKCD dump'),
];

/** The Failure for a file that is no dump: it names what the file is, where that can be seen. */
export function notADump(image: Image): Failure {
  const head = readSome(image, 0, 64);
  if (head.length === 0)
    return new Failure(
      'unreadable',
      `${image.name} is empty.`,
      'There is no dump in it.',
      'Check how it was written or copied.',
    );
  const foreign = FOREIGN.find(({ start }) => startsWith(head, start));
  if (foreign)
    return new Failure(
      'unreadable',
      `${image.name} is ${foreign.what}.`,
      'That is no dump of physical memory that is read here.',
      foreign.advice,
    );
  if (startsWith(head, [0x7f, 0x45, 0x4c, 0x46]))
    return new Failure(
      'unreadable',
      `${image.name} is an ELF file, and not a core.`,
      'A kernel image or a program holds no memory of a machine.',
      'Give the vmcore; no kernel image is needed beside it.',
    );
  return new Failure(
    'unreadable',
    `${image.name} is no dump of a known format.`,
    'Its first bytes are those of none of the formats ELF core, kdump, flattened, LiME and AVML.',
    'If it is a plain image of memory, say so: --as raw.',
  );
}

function packed(start: string | readonly number[], name: string, command: string) {
  return { start, what: `compressed with ${name}`, advice: `Unpack it first: ${command}.` };
}

function memoryOnly(start: string | readonly number[], what: string) {
  return {
    start,
    what,
    advice: 'Give a kdump or ELF vmcore; of a virtual machine: virsh dump --memory-only.',
  };
}

function startsWith(head: Uint8Array, start: string | readonly number[]): boolean {
  for (let index = 0; index < start.length; index++) {
    const wanted = typeof start === 'string' ? start.charCodeAt(index) : start[index];
    if (head[index] !== wanted) return false;
  }
  return true;
}
