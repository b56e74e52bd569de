import { field, layout, reserved } from '../bits/layout.ts';
import { specification } from './define.ts';

/**
 * A record of the advanced fault log in memory, which revision 4.0 removed: as a fault recording
 * register (§11.4.7.6), without F.
 */
export const FAULT_RECORD = layout(
  'fault record',
  128,
  [
    reserved(11, 0),
    field('FI', 63, 12, 'Fault information: the page address; for interrupts the index in 63:48', {
      kind: 'address',
      shift: 12,
    }),
    field('SID', 79, 64, 'Source identifier', { kind: 'bdf' }),
    reserved(92, 80),
    field('PRIV', 93, 93, 'Supervisor privilege was requested'),
    field('EXE', 94, 94, 'Execute permission was requested'),
    field('PP', 95, 95, 'PASID is present'),
    field('FR', 103, 96, 'Fault reason'),
    field('PV', 123, 104, 'PASID value'),
    field('AT', 125, 124, 'Address type'),
    field('T', 126, 126, 'Type', { values: { 0: 'write', 1: 'read' } }),
    reserved(127, 127),
  ],
  { spec: specification('§9.9', '3.1') },
);
