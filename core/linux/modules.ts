import { Btf } from './btf.ts';
import type { KernelContext } from './context.ts';
import { structsOnList } from './lists.ts';
import { Stretch } from './stretch.ts';

/** A loaded module. */
export interface KernelModule {
  readonly name: string;
  /** Where its first section was loaded, and its bytes. */
  readonly base: bigint | undefined;
  readonly size: number | undefined;
  /** Address of its struct module. */
  readonly address: bigint;
}

const MAX_MODULES = 16_384;
const MAX_SYMBOLS = 1 << 20;
const MAX_STRINGS = 64 << 20;
const MAX_BTF = 64 << 20;
/** Elf64_Sym: name (32 bits), info, other, section, value (64), size (64). */
const SYMBOL_BYTES = 24;
const VALUE_AT = 8;

/** Loaded modules in the kernel's order, the latest first. */
export function readModules(context: KernelContext): KernelModule[] {
  const { symbols, reader, notes } = context;
  const head = symbols.address('modules');
  if (head === undefined) return [];
  return notes.within('modules', () =>
    structsOnList(reader, head, 'module', 'list', MAX_MODULES).flatMap((address) => {
      const name = reader.text('module', address, 'name');
      return name ? [{ name, ...placeOf(context, address), address }] : [];
    }),
  );
}

/** core_layout up to 6.3; mem[] since 6.4 (commit ac3b43283923), the first of which is the text. */
function placeOf(
  context: KernelContext,
  module: bigint,
): { base: bigint | undefined; size: number | undefined } {
  const { reader } = context;
  if (reader.has('module', 'core_layout'))
    return {
      base: reader.field('module', module, 'core_layout.base'),
      size: reader.number('module', module, 'core_layout.size'),
    };
  if (!reader.has('module', 'mem')) return { base: undefined, size: undefined };
  const memory = reader.addressOf('module', module, 'mem')!;
  return {
    base: reader.field('module_memory', memory, 'base'),
    size: reader.number('module_memory', memory, 'size'),
  };
}

/** Addresses of a module's symbols by name; only those asked for. */
export function moduleSymbols(
  context: KernelContext,
  module: KernelModule,
  names: readonly string[],
): Map<string, bigint> {
  const { reader, memory, notes } = context;
  return notes.within(`module ${module.name}`, () => {
    const found = new Map<string, bigint>();
    const table = reader.field('module', module.address, 'kallsyms');
    if (!table) return found;
    const count = reader.number('mod_kallsyms', table, 'num_symtab');
    const symtab = reader.field('mod_kallsyms', table, 'symtab');
    const strtab = reader.field('mod_kallsyms', table, 'strtab');
    if (!count || !symtab || !strtab || count > MAX_SYMBOLS) return found;
    const entries = new Stretch(memory, symtab, count * SYMBOL_BYTES);
    const wanted = new Set(names);
    const longest = Math.max(...names.map((name) => name.length));
    // Entry 0 of an ELF symbol table is none.
    for (let i = 1; i < count; i++) {
      const at = i * SYMBOL_BYTES;
      if (!entries.ensure(at, at + SYMBOL_BYTES)) continue;
      const nameAt = entries.view.getUint32(at, true);
      if (nameAt === 0 || nameAt > MAX_STRINGS) continue;
      const name = memory.text(strtab + BigInt(nameAt), longest + 1);
      if (name !== undefined && wanted.has(name) && !found.has(name))
        found.set(name, entries.view.getBigUint64(at + VALUE_AT, true));
    }
    return found;
  });
}

/**
 * A module's own types, which continue the kernel's (since 5.11, commit 36e68442d1af). The raw
 * bytes that the module came with are gone after loading; the copy in the list of parsed modules
 * stays.
 */
export function moduleBtf(
  context: KernelContext,
  module: KernelModule,
  base: Btf,
): Btf | undefined {
  const { symbols, reader, memory, notes } = context;
  const head = symbols.address('btf_modules');
  if (head === undefined || !reader.has('btf_module', 'btf')) return undefined;
  return notes.within(`module ${module.name}`, () => {
    const entry = structsOnList(reader, head, 'btf_module', 'list', MAX_MODULES).find(
      (each) => reader.field('btf_module', each, 'module') === module.address,
    );
    const btf = entry && reader.field('btf_module', entry, 'btf');
    if (!btf) return undefined;
    const data = reader.field('btf', btf, 'data');
    const size = reader.number('btf', btf, 'data_size');
    if (!data || !size || size > MAX_BTF) return undefined;
    return Btf.open(new Stretch(memory, data, size), base);
  });
}
