import { describe, expect, test } from 'vitest';
import { Btf, KIND } from '../../../core/linux/btf.ts';
import { Stretch } from '../../../core/linux/stretch.ts';
import { StructReader } from '../../../core/linux/structs.ts';
import { listEntries } from '../../../core/linux/lists.ts';
import { BtfImage } from '../../support/linux/btf-image.ts';
import { FakeKernel } from '../../support/linux/fake-kernel.ts';

const AT = 0x14bf6d8n;

function open(image: Uint8Array, kernel = new FakeKernel(), base?: Btf): Btf | undefined {
  kernel.write(kernel.stext + AT, image);
  return Btf.open(new Stretch(kernel.virtual(), kernel.stext + AT, image.length), base);
}

/** Types with one record of every kind that BTF has, and structures as the kernel nests them. */
function types(): { image: BtfImage; node: number } {
  const image = new BtfImage();
  const u8 = image.int('unsigned char', 1);
  const u32 = image.int('unsigned int', 4);
  const u64 = image.int('long unsigned int', 8);
  const char = image.int('char', 1);
  const pointer = image.pointer(char);
  const name = image.array(char, 13);
  const alias = image.wrap(KIND.TYPEDEF, u64, 'u64');
  const constant = image.wrap(KIND.CONST, alias);
  const tagged = image.wrap(KIND.TYPE_TAG, image.wrap(KIND.VOLATILE, constant), 'rcu');
  const restricted = image.wrap(KIND.RESTRICT, pointer);
  image.raw('colour', KIND.ENUM, 2, 4, [0, 1, 0, 2]);
  image.raw('wide', KIND.ENUM64, 1, 8, [0, 1, 0]);
  image.raw('other', KIND.FWD, 0, 0, []);
  const proto = image.raw('', KIND.FUNC_PROTO, 1, u32, [0, u64]);
  image.raw('call', KIND.FUNC, 1, proto, []);
  image.raw('variable', KIND.VAR, 0, u32, [1]);
  image.raw('.data', KIND.DATASEC, 1, 16, [u32, 0, 4]);
  image.raw('float', KIND.FLOAT, 0, 4, []);
  image.raw('note', KIND.DECL_TAG, 0, u32, [0xffffffff]);
  const list = image.struct('list_head', 16, [
    { name: 'next', type: image.pointer(0), at: 0 },
    { name: 'prev', type: image.pointer(0), at: 8 },
  ]);
  const inner = image.struct('inner', 16, [
    { name: 'top', type: u64, at: 0 },
    { name: 'deep', type: u32, at: 8 },
  ]);
  const union = image.union('', 16, [
    { name: 'domain', type: inner, at: 0 },
    { name: 'pgd', type: tagged, at: 0 },
  ]);
  const anonymous = image.struct('', 24, [
    { name: 'first', type: u64, at: 0 },
    { name: '', type: union, at: 8 },
  ]);
  const bits = image.struct('', 4, [
    { name: 'ignored', type: u8, at: 0, bits: 1 },
    { name: 'level', type: u8, at: 5, bits: 3 },
    { name: 'spanning', type: u32, at: 6, bits: 12 },
  ]);
  const node = image.struct('node', 96, [
    { name: 'list', type: list, at: 0 },
    { name: 'name', type: name, at: 16 },
    { name: 'text', type: restricted, at: 32 },
    { name: '', type: anonymous, at: 40 },
    { name: '', type: bits, at: 64 },
    { name: 'table', type: image.array(inner, 2), at: 64 },
  ]);
  return { image, node };
}

describe('Btf', () => {
  const made = types();
  const btf = open(made.image.bytes())!;
  const node = btf.struct('node')!;

  test('a structure is found by name, among records of every kind', () => {
    expect(node).toBe(made.node);
    expect(btf.struct('no_such')).toBeUndefined();
    expect(btf.struct('nod')).toBeUndefined();
    expect(btf.sizeOf(node)).toBe(96);
  });

  test.each([
    ['list', 0, 0],
    ['list.prev', 64, 0],
    ['name', 128, 0],
    ['first', 320, 0],
    ['domain', 384, 0],
    ['domain.deep', 448, 0],
    ['pgd', 384, 0],
    ['ignored', 512, 1],
    ['level', 517, 3],
    ['spanning', 518, 12],
  ])('place of %s, through anonymous structures and unions', (path, bitOffset, bitWidth) => {
    expect(btf.member(node, path)).toMatchObject({ bitOffset, bitWidth });
  });

  test.each(['no_such', 'list.no_such', 'name.x', 'pgd.top', ''])('no member %s', (path) => {
    expect(btf.member(node, path)).toBeUndefined();
  });

  test('typedef, const, volatile, restrict and type tag are stripped', () => {
    expect(btf.sizeOf(btf.member(node, 'pgd')!.type)).toBe(8);
    expect(btf.kindOf(btf.member(node, 'text')!.type)).toBe(KIND.PTR);
  });

  test('an array has its elements', () => {
    const table = btf.member(node, 'table')!.type;
    expect(btf.sizeOf(table)).toBe(32);
    expect(btf.arrayOf(table)?.count).toBe(2);
  });

  test('hdr_len is obeyed: newer tools write a longer header', () => {
    expect(open(made.image.bytes(32))!.member(node, 'list.prev')?.bitOffset).toBe(64);
  });

  test("a module's types continue the kernel's: ids and strings", () => {
    const split = new BtfImage(made.image);
    const own = split.struct('virtio_iommu', 24, [
      { name: 'base', type: made.node, at: 0 },
      { name: 'level', type: 2, at: 16 },
    ]);
    const kernel = new FakeKernel();
    const base = open(made.image.bytes(), kernel)!;
    const bytes = split.bytes();
    kernel.write(kernel.stext + 0x40000n, bytes);
    const module = Btf.open(
      new Stretch(kernel.virtual(), kernel.stext + 0x40000n, bytes.length),
      base,
    )!;
    expect(module.struct('virtio_iommu')).toBe(own);
    expect(own).toBe(base.endId);
    expect(module.member(own, 'base.list.prev')?.bitOffset).toBe(64);
    expect(module.struct('node')).toBe(made.node);
    expect(base.struct('virtio_iommu')).toBeUndefined();
  });

  test.each([
    ['magic', 0, 0x9e],
    ['version', 2, 2],
    ['header length', 4, 0xff],
    ['type section past the end', 14, 0xff],
    ['string section past the end', 22, 0xff],
    ['a kind that there is none of', 24 + 7, 31],
    ['more members than there is room for', 24 + 4, 0xff],
  ])('is none: %s', (what, at, value) => {
    const bytes = made.image.bytes();
    // The last but one: the first record becomes a structure, whose members reach far.
    if (what.startsWith('more')) bytes.set([0xff, 0xff, 0, KIND.STRUCT], 24 + 4);
    else bytes[at] = value;
    if (what.startsWith('more')) expect(open(bytes)?.endId).not.toBe(btf.endId);
    else expect(open(bytes)).toBeUndefined();
  });

  test('types that refer to themselves end', () => {
    const image = new BtfImage();
    const self = image.wrap(KIND.TYPEDEF, 1, 'loop');
    const array = image.raw('', KIND.ARRAY, 0, 0, [2, 2, 0xffffffff]);
    const struct = image.struct('selfish', 8, [
      { name: '', type: 3, at: 0 },
      { name: 'x', type: 1, at: 0 },
    ]);
    const loop = open(image.bytes())!;
    expect([self, array, struct]).toEqual([1, 2, 3]);
    expect(loop.strip(1)).toBe(0);
    expect(loop.sizeOf(2)).toBeUndefined();
    expect(loop.member(3, 'y')).toBeUndefined();
  });

  test('a missing page of types: none; a missing page of strings: only names there are not found', () => {
    const kernel = new FakeKernel();
    const image = new BtfImage();
    const u32 = image.int('unsigned int', 4);
    for (let i = 0; i < 600; i++)
      image.struct(`structure_number_${i}`, 4, [{ name: `member_${i}`, type: u32, at: 0 }]);
    const bytes = image.bytes();
    const at = kernel.stext + AT;
    kernel.write(at, bytes);
    const strings = at + BigInt(24 + new DataView(bytes.buffer).getUint32(12, true));
    kernel.memory.lose(kernel.physical((strings + 0x1000n) & ~0xfffn));
    const holed = Btf.open(new Stretch(kernel.virtual(), at, bytes.length))!;
    expect(holed.struct('structure_number_3')).toBe(5);
    expect(holed.struct('structure_number_599')).toBe(601);
    kernel.memory.lose(kernel.physical((at + 0x1000n) & ~0xfffn));
    expect(Btf.open(new Stretch(kernel.virtual(), at, bytes.length))).toBeUndefined();
  });
});

describe('StructReader', () => {
  const kernel = new FakeKernel();
  const btf = open(types().image.bytes(), kernel)!;
  const at = kernel.stext + 0x100n;
  const bytes = new Uint8Array(96);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('dmar0'), 16);
  view.setBigUint64(32, kernel.stext + 0x200n, true);
  view.setBigUint64(40, 0xffeeddccbbaa9988n, true);
  view.setUint32(56, 0x12345678, true);
  view.setUint32(64, 0b10110_1010_0110_1010_0001, true);
  kernel.write(at, bytes);
  kernel.write(kernel.stext + 0x200n, new TextEncoder().encode('behind a pointer\0'));
  const reader = new StructReader(kernel.virtual(), btf);

  test.each([
    ['first', 0xffeeddccbbaa9988n],
    ['domain.deep', 0x12345678n],
    ['ignored', 1n],
    ['level', 0b101n],
    ['spanning', BigInt((0b10110_1010_0110_1010_0001 >> 6) & 0xfff)],
  ])('%s', (path, expected) => expect(reader.field('node', at, path)).toBe(expected));

  test('text of an array, and of what a pointer points to', () => {
    expect(reader.text('node', at, 'name')).toBe('dmar0');
    expect(reader.text('node', at, 'text')).toBe('behind a pointer');
  });

  test('places, sizes and what contains a member', () => {
    expect(reader.addressOf('node', at, 'domain.deep')).toBe(at + 56n);
    expect(reader.containerOf('node', 'domain.deep', at + 56n)).toBe(at);
    expect(reader.sizeOf('node')).toBe(96);
    expect(reader.memberSize('node', 'name')).toBe(13);
    expect(reader.memberCount('node', 'table')).toBe(2);
  });

  test('what this kernel does not have is asked for silently, and noted when it is needed', () => {
    expect([reader.has('node', 'pgd'), reader.has('node', 'iop'), reader.has('nothing')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(reader.memory.notes.incomplete).toEqual([]);
    expect(reader.field('node', at, 'iop')).toBeUndefined();
    expect(reader.field('nothing', at, 'x')).toBeUndefined();
    expect(reader.field('node', at, 'list')).toBeUndefined();
    expect(reader.memory.notes.incomplete.map((each) => each.text)).toEqual([
      "This kernel's structure node has no member iop.",
      "This kernel's type information has no structure nothing.",
      'node.list is no number in this kernel.',
    ]);
  });
});

describe('listEntries', () => {
  const head = 0x100n;
  const link = (kernel: FakeKernel, from: bigint, to: bigint): void =>
    kernel.writeWord(kernel.stext + from, kernel.stext + to);

  test('entries in order, up to the head', () => {
    const kernel = new FakeKernel();
    link(kernel, head, 0x208n);
    link(kernel, 0x208n, 0x308n);
    link(kernel, 0x308n, head);
    const memory = kernel.virtual();
    expect(listEntries(memory, kernel.stext + head, 8)).toEqual([
      kernel.stext + 0x200n,
      kernel.stext + 0x300n,
    ]);
    expect(memory.notes.findings).toEqual([]);
  });

  test('a head that was never initialised is empty', () => {
    const kernel = new FakeKernel();
    kernel.writeWord(kernel.stext + head, 0n);
    expect(listEntries(kernel.virtual(), kernel.stext + head, 8)).toEqual([]);
  });

  test.each([
    [
      'back into itself',
      (kernel: FakeKernel) => link(kernel, 0x308n, 0x208n),
      'leads back into itself',
    ],
    [
      'to user space',
      (kernel: FakeKernel) => kernel.writeWord(kernel.stext + 0x308n, 0x1234n),
      'no kernel address',
    ],
  ])('a list that leads %s ends with a finding', (_, damage, text) => {
    const kernel = new FakeKernel();
    link(kernel, head, 0x208n);
    link(kernel, 0x208n, 0x308n);
    damage(kernel);
    const memory = kernel.virtual();
    expect(listEntries(memory, kernel.stext + head, 8)).toHaveLength(2);
    expect(memory.notes.findings[0].text).toContain(text);
  });

  test('the limit', () => {
    const kernel = new FakeKernel();
    for (let i = 0n; i < 20n; i++) link(kernel, head + 16n * i, head + 16n * (i + 1n));
    const memory = kernel.virtual();
    expect(listEntries(memory, kernel.stext + head, 0, 5)).toHaveLength(5);
    expect(memory.notes.findings[0].text).toContain('more than 5 entries');
  });
});
