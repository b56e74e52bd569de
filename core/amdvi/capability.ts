/** The unit's PCI capability block, in 32-bit words (48882 rev 3.08 §3.2). */
import { field, layout, reserved, type Layout } from '../bits/layout.ts';

const RO = { access: 'RO' } as const;

function word(name: string, section: number, fields: Parameters<typeof layout>[2]): Layout {
  return layout(name, 32, fields, { spec: `48882 rev 3.08 §3.2.${section}` });
}

/** The words by their offset within the block. */
export const CAPABILITY_WORDS: ReadonlyMap<number, Layout> = new Map([
  [
    0x00,
    word('Capability Header', 1, [
      field('CapId', 7, 0, 'PCI capability ID (0Fh)', RO),
      field('CapPtr', 15, 8, 'Next capability', RO),
      field('CapType', 18, 16, 'Type of the capability block (011b: IOMMU)', RO),
      field('CapRev', 23, 19, 'Revision of the capability block', RO),
      field('IotlbSup', 24, 24, 'Remote IOTLBs (ATS) are supported', RO),
      field('HtTunnel', 25, 25, 'The unit is in a HyperTransport tunnel', RO),
      field('NpCache', 26, 26, 'Entries that are not present are cached', RO),
      field('EFRSup', 27, 27, 'The extended feature register is there', RO),
      field('CapExt', 28, 28, 'The block has a second miscellaneous word', RO),
      reserved(31, 29),
    ]),
  ],
  [
    0x04,
    word('Base Address Low', 2, [
      field('Enable', 0, 0, 'The unit answers at its register base'),
      reserved(13, 1),
      field('BaseAddress[31:14]', 31, 14, 'Low half of the register base', {
        kind: 'address',
        shift: 14,
      }),
    ]),
  ],
  [0x08, word('Base Address High', 3, [field('BaseAddress[63:32]', 31, 0, 'High half of it')])],
  [
    0x0c,
    word('Range', 4, [
      field('UnitID', 4, 0, 'HyperTransport unit', RO),
      reserved(6, 5),
      field('RngValid', 7, 7, 'Bus and devices of this word are valid', RO),
      field('BusNumber', 15, 8, 'Bus that the unit serves', RO),
      field('FirstDevice', 23, 16, 'First device and function that it serves', RO),
      field('LastDevice', 31, 24, 'Last device and function that it serves', RO),
    ]),
  ],
  [
    0x10,
    word('Miscellaneous Information 0', 5, [
      field('MsiNum', 4, 0, 'MSI message of the event log', RO),
      field('GVAsize', 7, 5, 'Guest virtual address size (010b: 48 bits)', RO),
      field('PAsize', 14, 8, 'Physical address size, bits', RO),
      field('VAsize', 21, 15, 'Virtual address size, bits', RO),
      field('HtAtsResv', 22, 22, 'The HyperTransport range of ATS responses is reserved'),
      reserved(26, 23),
      field('MsiNumPPR', 31, 27, 'MSI message of the PPR log', RO),
    ]),
  ],
  [
    0x14,
    word('Miscellaneous Information 1', 6, [
      field('MsiNumGA', 4, 0, 'MSI message of the guest virtual APIC log', RO),
      reserved(31, 5),
    ]),
  ],
]);
