import { describe, expect, it } from 'vitest';
import { exactBytes } from '../../../core/format/size.ts';
import { idTip } from '../../../renderer/format/bdf.ts';

const intel = { vendor: 'intel' } as const;
const amd = { vendor: 'amd' } as const;

describe('tips', () => {
  it.each([
    ['02:00.0', [amd], 'DeviceID 0x0200'],
    ['02:00.0', [intel], 'Requester ID 0x0200'],
    ['0001:ff:1f.7', [intel, amd], 'Requester ID 0xffff'],
    ['00:06.0', [], 'Requester ID 0x0030'],
    ['not a BDF', [intel], undefined],
  ])('of %s is the number that hardware knows it by', (bdf, units, tip) => {
    expect(idTip(bdf, units)).toBe(tip);
  });

  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [4096, '4,096 bytes'],
    [7_340_032, '7,340,032 bytes'],
    [1n << 64n, '18,446,744,073,709,551,616 bytes'],
  ])('of a size of %s is every byte of it', (bytes, tip) => {
    expect(exactBytes(bytes)).toBe(tip);
  });
});
