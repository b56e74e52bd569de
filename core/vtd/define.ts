import type { Field } from '../bits/layout.ts';
import { field, layout, reserved } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';

/** The revision whose sections the layouts name: D51397-018, November 2025. */
const REVISION = '5.10';

/** How a layout names its section of the specification; `revision` where the current one lacks it. */
export function specification(section: string, revision = REVISION): string {
  return `VT-d ${revision} ${section}`;
}

/**
 * A register with its layout.
 * @param section the section of the specification that describes this register
 * @param revision the last revision that has it, where the current one lacks it
 */
export function register(
  name: string,
  title: string,
  offset: number,
  width: 32 | 64 | 128,
  fields: readonly Field[],
  section: string,
  revision?: string,
): RegisterDefinition {
  const spec = specification(section, revision);
  return { name, title, offset, layout: layout(name, width, fields, { spec }) };
}

/**
 * The four registers that program one event's interrupt message: control, data, address, upper
 * address. They stand one behind the other, in the unit's page as in the specification.
 * @param section of the interface that they belong to
 * @param first number of the control register's section within it
 */
export function eventRegisters(
  prefix: string,
  what: string,
  offset: number,
  section: string,
  first: number,
): readonly RegisterDefinition[] {
  const at = (which: number): string => `${section}.${first + which}`;
  return [
    register(
      `${prefix}CTL`,
      `${what} event control`,
      offset,
      32,
      [
        reserved(29, 0),
        field('IP', 30, 30, 'Interrupt pending: held back by the mask', { access: 'RO' }),
        field('IM', 31, 31, 'Interrupt mask: no message is sent', { access: 'RW' }),
      ],
      at(0),
    ),
    register(
      `${prefix}DATA`,
      `${what} event data`,
      offset + 4,
      32,
      [
        field('IMD', 15, 0, 'Interrupt message data: the vector in bits 7:0', { access: 'RW' }),
        field('EIMD', 31, 16, 'Extended interrupt message data; reserved since revision 3.3', {
          access: 'RW',
        }),
      ],
      at(1),
    ),
    register(
      `${prefix}ADDR`,
      `${what} event address`,
      offset + 8,
      32,
      [
        reserved(1, 0),
        field('MA', 31, 2, 'Message address', { kind: 'address', shift: 2, access: 'RW' }),
      ],
      at(2),
    ),
    register(
      `${prefix}UADDR`,
      `${what} event upper address`,
      offset + 12,
      32,
      [field('MUA', 31, 0, 'Message upper address', { access: 'RW' })],
      at(3),
    ),
  ];
}
