/** Enhanced commands (CAP.ECMDS), RDT (ECAP.RDTS) and virtual commands (ECAP.VCS) (VT-d §11.4.14 to §11.4.16). */
import type { Field } from '../bits/layout.ts';
import { field, reserved } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import { register } from './define.ts';

const STATUS_OFFSET = 0x420;
const CAPABILITY_OFFSET = 0x430;

/** Commands that the specification names, by number (table 52). */
const COMMANDS = {
  240: 'enable perfmon counter',
  241: 'disable perfmon counter',
  242: 'reset all perfmon counter configuration',
  243: 'reset all perfmon counter values',
  244: 'freeze all perfmon counters',
  245: 'unfreeze all perfmon counters',
};

const ENHANCED_STATUS = {
  0: 'success',
  1: 'undefined command',
  2: 'aborted: a command of GCMD or PMEN was in flight',
  16: "the command's own failure (table 53)",
};

const supported = (name: string, at: number, command: string): Field =>
  field(name, at, at, `${command} is supported`, { access: 'RO' });

/** What ECCAP3 says of commands 192 to 255; the other three name no command yet. */
const CAPABILITIES: readonly Field[] = [
  reserved(47, 0),
  supported('ECNTS', 48, 'Enable perfmon counter'),
  supported('DCNTS', 49, 'Disable perfmon counter'),
  supported('RCFGS', 50, 'Reset all perfmon counter configuration'),
  supported('RCNTS', 51, 'Reset all perfmon counter values'),
  supported('FCNTS', 52, 'Freeze all perfmon counters'),
  supported('UFCNTS', 53, 'Unfreeze all perfmon counters'),
  reserved(63, 54),
];

export const ENHANCED_COMMANDS: readonly RegisterDefinition[] = [
  register(
    'ECMD',
    'Enhanced command',
    0x400,
    64,
    [
      field('CMD', 7, 0, 'Command; writing it starts it', { values: COMMANDS, access: 'WO' }),
      reserved(15, 8),
      field('OA', 63, 16, 'Operand A: the number of the counter', { access: 'WO' }),
    ],
    '§11.4.14.1',
  ),
  register(
    'ECEO',
    'Enhanced command extended operand',
    0x408,
    64,
    [field('OB', 63, 0, 'Operand B', { access: 'WO' })],
    '§11.4.14.2',
  ),
  register(
    'ECRSP',
    'Enhanced command response',
    0x410,
    64,
    [
      field('IP', 0, 0, 'In progress', { access: 'RO' }),
      field('SC', 7, 1, 'Status code', { values: ENHANCED_STATUS, access: 'RO' }),
      reserved(15, 8),
      field('RSLT', 63, 16, 'Result', { access: 'RO' }),
    ],
    '§11.4.14.3',
  ),
  ...[0, 1].map((word) =>
    register(
      `ECSTS${word}`,
      `Enhanced command status ${word}`,
      STATUS_OFFSET + 8 * word,
      64,
      [reserved(63, 0, 'Reserved: no command reports a status here yet')],
      `§11.4.14.4.${word + 1}`,
    ),
  ),
  ...[0, 1, 2, 3].map((word) =>
    register(
      `ECCAP${word}`,
      `Enhanced command capability ${word}: commands ${64 * word} to ${64 * word + 63}`,
      CAPABILITY_OFFSET + 8 * word,
      64,
      word === 3 ? CAPABILITIES : [reserved(63, 0, 'Reserved: no command is defined here yet')],
      `§11.4.14.5.${word + 1}`,
    ),
  ),
];

export const RDT_CONFIGURATION = register(
  'RDTC',
  'RDT configuration',
  0xdc0,
  64,
  [
    field('RMID', 11, 0, "Resource monitoring ID of the unit's own accesses to memory", {
      access: 'RW',
    }),
    reserved(31, 12),
    field('CLOS', 36, 32, "Class of service of the unit's own accesses to memory", {
      access: 'RW',
    }),
    reserved(63, 37),
  ],
  '§11.4.15',
);

export const VIRTUAL_COMMANDS: readonly RegisterDefinition[] = [
  register(
    'VCMD',
    'Virtual command',
    0xe00,
    64,
    [
      field('CMD', 7, 0, 'Command; writing it starts it', {
        values: { 0: 'none', 1: 'allocate PASID', 2: 'free PASID' },
        access: 'RW',
      }),
      reserved(15, 8),
      field('OA', 63, 16, 'Operand A: the PASID in bits 35:16', { access: 'RW' }),
    ],
    '§11.4.16.1',
  ),
  register(
    'VCMD_EO',
    'Virtual command extended operand',
    0xe08,
    64,
    [field('OB', 63, 0, 'Operand B', { access: 'RW' })],
    '§11.4.16.2',
  ),
  register(
    'VCRSP',
    'Virtual command response',
    0xe10,
    64,
    [
      field('IP', 0, 0, 'In progress', { access: 'RO' }),
      field('SC', 7, 1, 'Status code', {
        values: {
          0: 'success',
          1: 'undefined command',
          16: 'no PASID available, or invalid PASID',
        },
        access: 'RO',
      }),
      reserved(15, 8),
      field('RSLT', 63, 16, 'Result: the PASID in bits 35:16', { access: 'RO' }),
    ],
    '§11.4.16.3',
  ),
  register(
    'VCCAP',
    'Virtual command capability',
    0xe30,
    64,
    [
      field('NS', 0, 0, 'The null command is supported', { access: 'RO' }),
      field('PAS', 1, 1, 'PASIDs are allocated by virtual command', { access: 'RO' }),
      field('FPS', 2, 2, 'PASIDs are freed by virtual command', { access: 'RO' }),
      reserved(63, 3),
    ],
    '§11.4.16.4',
  ),
];
