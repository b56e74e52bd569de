import { decode, type DecodedField } from '../bits/layout.ts';
import { amdRegisters } from '../amdvi/registers.ts';
import { hex } from '../format/hex.ts';
import type { RegisterValue } from '../iommu/registers.ts';
import type { Unit } from '../iommu/unit.ts';
import { readRegisters, registerWords } from '../vtd/registers.ts';

/** Every register of a unit with its value where it is known. */
export function registerValues(unit: Unit): readonly RegisterValue[] {
  return unit.facts.vendor === 'intel'
    ? readRegisters(unit.facts.registers)
    : amdRegisters(unit.facts.registers);
}

/** `TES 1 · RTPS 1 · QIES 1`: the fields that are not zero, reserved ones left out. */
export function summaryOf(fields: readonly DecodedField[]): string {
  return fields
    .filter(
      ({ field, value }) => value !== 0n && field.kind !== 'reserved' && field.kind !== 'ignored',
    )
    .map(({ field, value, valueName }) =>
      field.kind === 'address'
        ? `${field.name} ${hex(value << BigInt(field.shift))}`
        : field.kind === 'flag'
          ? field.name
          : `${field.name} ${valueName ?? hex(value)}`,
    )
    .join(' · ');
}

/** The three-digit (or longer) offset of the register document's keys. */
export function offsetKey(offset: number): string {
  return `0x${offset.toString(16).padStart(3, '0')}`;
}

/**
 * The JSON of `faultline regs`, which is also the input form of `--registers`: 32-bit words by
 * offset, `"absent": "unknown"` because only what was read stands in it; the decoded fields stand
 * beside it under `decoded`.
 */
export function registersDocument(units: readonly Unit[]): Record<string, unknown> {
  return {
    schema: 'faultline.regs/1',
    vendor: units[0].facts.vendor,
    absent: 'unknown',
    units: units.map((unit) => {
      const registers: Record<string, string> = {};
      const decoded: Record<string, unknown>[] = [];
      for (const { definition, reading } of registerValues(unit)) {
        const { offset, layout, name, title } = definition;
        if (!reading) {
          decoded.push({ name, title, offset: offsetKey(offset), value: null });
          continue;
        }
        for (let at = 0; at < layout.width; at += 32)
          registers[offsetKey(offset + at / 8)] = hex((reading.value >> BigInt(at)) & 0xffff_ffffn);
        decoded.push({
          name,
          title,
          offset: offsetKey(offset),
          value: hex(reading.value),
          source: reading.source,
          fields: fieldsJson(decode(layout, registerWords(reading.value))),
        });
      }
      return {
        name: unit.facts.name,
        base: unit.facts.base === undefined ? null : hex(unit.facts.base),
        registers,
        decoded,
      };
    }),
  };
}

/** Fields by name; reserved ones only where they are set. */
export function fieldsJson(fields: readonly DecodedField[]): Record<string, string> {
  return Object.fromEntries(
    fields
      .filter(
        ({ field, value }) =>
          (field.kind !== 'reserved' && field.kind !== 'ignored') || value !== 0n,
      )
      .map(({ field, value }) => [field.name, hex(value)]),
  );
}
