import type { Field } from '../bits/layout.ts';
import { field, layout, reserved } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';

/** A register with its layout; `section` is the specification's. */
export function register(
  name: string,
  title: string,
  offset: number,
  width: 32 | 64 | 128,
  fields: readonly Field[],
  section = '§11.4',
): RegisterDefinition {
  return {
    name,
    title,
    offset,
    layout: layout(name, width, fields, { spec: `VT-d 4.1 ${section}` }),
  };
}

/** The four registers that program one event's interrupt message: control, data, address, upper address. */
export function eventRegisters(
  prefix: string,
  what: string,
  offset: number,
): readonly RegisterDefinition[] {
  return [
    register(`${prefix}CTL`, `${what} event control`, offset, 32, [
      reserved(29, 0),
      field('IP', 30, 30, 'Interrupt pending: held back by the mask', { access: 'RO' }),
      field('IM', 31, 31, 'Interrupt mask: no message is sent', { access: 'RW' }),
    ]),
    register(`${prefix}DATA`, `${what} event data`, offset + 4, 32, [
      field('IMD', 15, 0, 'Interrupt message data: the vector in bits 7:0', { access: 'RW' }),
      field('EIMD', 31, 16, 'Extended interrupt message data; reserved since revision 3.3', {
        access: 'RW',
      }),
    ]),
    register(`${prefix}ADDR`, `${what} event address`, offset + 8, 32, [
      reserved(1, 0),
      field('MA', 31, 2, 'Message address', { kind: 'address', shift: 2, access: 'RW' }),
    ]),
    register(`${prefix}UADDR`, `${what} event upper address`, offset + 12, 32, [
      field('MUA', 31, 0, 'Message upper address', { access: 'RW' }),
    ]),
  ];
}
