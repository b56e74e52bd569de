/** Enhanced commands (CAP.ECMDS) and virtual commands (ECAP.VCS) (VT-d 4.1 §11.4). */
import { field, reserved } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import { register } from './define.ts';

const CAPABILITY_OFFSET = 0x430;

/** Commands that the specification names, by number. */
const COMMANDS = {
  0xf0: 'enable counter',
  0xf1: 'disable counter',
  0xf4: 'freeze counters',
  0xf5: 'unfreeze counters',
};

export const ENHANCED_COMMANDS: readonly RegisterDefinition[] = [
  register('ECMD', 'Enhanced command', 0x400, 64, [
    field('ECMD', 7, 0, 'Command; writing it starts it', { values: COMMANDS, access: 'RW' }),
    reserved(15, 8),
    field('OA', 63, 16, 'Operand A', { access: 'RW' }),
  ]),
  register('ECEO', 'Enhanced command extended operand', 0x408, 64, [
    field('OB', 63, 0, 'Operand B', { access: 'RW' }),
  ]),
  register('ECRSP', 'Enhanced command response', 0x410, 64, [
    field('IP', 0, 0, 'In progress', { access: 'RO' }),
    field('SC', 7, 1, 'Status code: 0 is success', { access: 'RO' }),
    field('RSLT', 63, 8, 'Result', { access: 'RO' }),
  ]),
  ...[0, 1, 2, 3].map((word) =>
    register(
      `ECCAP${word}`,
      `Enhanced command capability ${word}`,
      CAPABILITY_OFFSET + 8 * word,
      64,
      [field('SUPPORTED', 63, 0, `Bit n: command ${64 * word} + n is supported`, { access: 'RO' })],
    ),
  ),
];

export const VIRTUAL_COMMANDS: readonly RegisterDefinition[] = [
  register('VCMD', 'Virtual command', 0xe00, 64, [
    field('CMD', 7, 0, 'Command; writing it starts it', {
      values: { 0: 'none', 1: 'allocate PASID', 2: 'free PASID' },
      access: 'RW',
    }),
    field('OP', 63, 8, 'Operand', { access: 'RW' }),
  ]),
  register('VCMD_EO', 'Virtual command extended operand', 0xe08, 64, [
    field('OB', 63, 0, 'Operand B', { access: 'RW' }),
  ]),
  register('VCRSP', 'Virtual command response', 0xe10, 64, [
    field('IP', 0, 0, 'In progress', { access: 'RO' }),
    field('SC', 2, 1, 'Status code: 0 is success', { access: 'RO' }),
    reserved(7, 3),
    field('RSLT', 63, 8, 'Result', { access: 'RO' }),
  ]),
  register('VCCAP', 'Virtual command capability', 0xe30, 64, [
    field('PAS', 0, 0, 'PASIDs are allocated by virtual command', { access: 'RO' }),
    reserved(63, 1),
  ]),
];
