import { describe, expect, test } from 'vitest';
import { faultJson } from '../../../core/log/json.ts';
import { parseFaultLine, parseLog } from '../../../core/log/parse.ts';

const parse = (text: string) => parseLog(new TextEncoder().encode(text));
const one = (text: string) => {
  const { faults, notes } = parse(text);
  expect(faults).toHaveLength(1);
  return { ...faultJson(faults[0]), notes: notes.map((note) => note.id) };
};

/** kernel-messages.md 2.2, the bodies; old and new. */
describe('every event', () => {
  test.each([
    [
      'ILLEGAL_DEV_TABLE_ENTRY device=06:00.0 address=0x0000000135300000 flags=0x0080]',
      { bdf: '06:00.0', address: '0x135300000', flags: '0x80', flagNames: ['RZ'], access: 'read' },
    ],
    [
      'ILLEGAL_DEV_TABLE_ENTRY device=0000:06:00.0 pasid=0x00000 address=0x135300000 flags=0x0080]',
      { bdf: '06:00.0', pasid: 0, address: '0x135300000', flagNames: ['RZ'] },
    ],
    [
      'IO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x000000000245a0c0 flags=0x0070]',
      {
        bdf: '00:14.1',
        domain: 13,
        address: '0x245a0c0',
        access: 'write',
        flagNames: ['PR', 'RW', 'PE'],
      },
    ],
    [
      'IO_PAGE_FAULT device=0000:05:00.0 domain=0x000e address=0xffffa000 flags=0x0020]',
      { bdf: '05:00.0', domain: 14, address: '0xffffa000', access: 'write', flagNames: ['RW'] },
    ],
    [
      'IO_PAGE_FAULT device=0001:05:00.0 domain=0x0003 address=0x1000 flags=0x0050]',
      { bdf: '0001:05:00.0', access: 'read', flagNames: ['PR', 'PE'] },
    ],
    [
      'DEV_TAB_HARDWARE_ERROR device=00:14.0 address=0x0000000012345670 flags=0x0600]',
      { bdf: '00:14.0', address: '0x12345670', flagNames: ['Type=3'] },
    ],
    [
      'PAGE_TAB_HARDWARE_ERROR device=00:14.0 domain=0x0002 address=0x0000000012345678 flags=0x0220]',
      { bdf: '00:14.0', domain: 2, access: 'write', flagNames: ['RW', 'Type=1'] },
    ],
    [
      'PAGE_TAB_HARDWARE_ERROR device=0000:00:14.0 pasid=0x0002 address=0x12345678 flags=0x0000]',
      { bdf: '00:14.0', pasid: 2, flagNames: [] },
    ],
    ['ILLEGAL_COMMAND_ERROR address=0x0000000012345670]', { address: '0x12345670' }],
    ['COMMAND_HARDWARE_ERROR address=0x12345670 flags=0x0200]', { flagNames: ['Type=1'] }],
    [
      'IOTLB_INV_TIMEOUT device=0000:0b:00.0 address=0x1002147e0]',
      { bdf: '0b:00.0', address: '0x1002147e0' },
    ],
    [
      'INVALID_DEVICE_REQUEST device=00:14.0 address=0x00000000fdf80000 flags=0x0a00]',
      { bdf: '00:14.0', flagNames: ['Type=5'] },
    ],
    [
      'INVALID_DEVICE_REQUEST device=0000:00:14.0 pasid=0x00000 address=0xfdf80000 flags=0x0100]',
      { bdf: '00:14.0', pasid: 0, flagNames: ['TR'] },
    ],
    [
      'INVALID_PPR_REQUEST device=00:14.0 pasid=0x00001 address=0x7f0000000000 flags=0x0024]',
      { bdf: '00:14.0', pasid: 1, address: '0x7f0000000000', flagNames: ['bit 2', 'bit 5'] },
    ],
    [
      'INVALID_PPR_REQUEST device=0000:00:14.0 pasid=0x00001 address=0x1000 flags=0x0004 tag=0x1ff]',
      { bdf: '00:14.0', pasid: 1, address: '0x1000' },
    ],
    [
      'RMP_PAGE_FAULT device=0000:41:00.0, vmg_tag=0x0000, gpa=0x12345000, flags_rmp=0x0001, flags=0x0020]',
      { bdf: '41:00.0', address: '0x12345000', access: 'write', flagNames: ['RW'] },
    ],
    [
      'RMP_HW_ERROR device=0000:41:00.0, vmg_tag=0x0001, spa=0x12345000, flags=0x0000]',
      { bdf: '41:00.0', address: '0x12345000' },
    ],
    ['UNKNOWN type=0x0f]', { raw: ['0xf'] }],
    [
      'UNKNOWN event[0]=0x00000100 event[1]=0xf0000000 event[2]=0x00001000 event[3]=0x00000000',
      { raw: ['0x100', '0xf0000000', '0x1000', '0x0'] },
    ],
  ])('%s', (body, expected) => {
    const name = body.slice(0, body.indexOf(' '));
    const record = one(`[    1.500000] AMD-Vi: Event logged [${body}\n`);
    expect(record).toMatchObject({
      line: 1,
      time: 1.5,
      kernel: 0,
      vendor: 'amd',
      type: 'event',
      event: name,
      ...expected,
      notes: [],
    });
  });

  test.each([
    ['pci 0000:00:14.1', undefined],
    ['nvme 0000:00:14.1', 'nvme'],
    ['vfio-pci 0000:00:14.1', 'vfio-pci'],
    ['snd_hda_intel 0000:00:14.1', 'snd_hda_intel'],
  ])('%s: the prefix names the device and its driver', (prefix, driver) => {
    const fault = parseFaultLine(
      `${prefix}: AMD-Vi: Event logged [RMP_PAGE_FAULT vmg_tag=0x0000, gpa=0x1000, flags_rmp=0x0001, flags=0x0000]`,
    );
    expect(fault).toMatchObject({ bdf: '00:14.1', segment: 0 });
    expect(fault?.driver).toBe(driver);
  });

  test('the body’s device wins over a unit in the prefix', () => {
    expect(
      one(
        'iommu ivhd1: AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:05:00.0 domain=0x0000 address=0x1000 flags=0x0000]',
      ),
    ).toMatchObject({ bdf: '05:00.0', unit: 'ivhd1' });
  });

  test('without a device anywhere the record has none', () => {
    const record = one('Event logged [IO_PAGE_FAULT domain=0x0001 address=0x1000 flags=0x0000]');
    expect(record).not.toHaveProperty('bdf');
  });

  test('GN = 1: what prints as the domain is the PASID', () => {
    expect(
      one(
        'AMD-Vi: Event logged [IO_PAGE_FAULT device=00:01.0 domain=0x0005 address=0x1000 flags=0x0001]',
      ),
    ).toMatchObject({ pasid: 5, flagNames: ['GN'] });
  });

  test('I = 1: an interrupt request has no access to memory', () => {
    expect(
      one(
        'AMD-Vi: Event logged [IO_PAGE_FAULT device=00:01.0 domain=0x0005 address=0xfdf8000000 flags=0x0008]',
      ),
    ).not.toHaveProperty('access');
  });
});

/** kernel-messages.md 2.1. */
describe('every era', () => {
  test('A1: one line', () => {
    expect(
      one(
        'AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x000000000245a0c0 flags=0x0070]',
      ),
    ).toMatchObject({ bdf: '00:14.1' });
  });

  test('A2: two stamped lines, others between them', () => {
    expect(
      one(
        '[    1.000001] AMD-Vi: Event logged [\n[    1.000002] usb 1-1: new device\n[    1.000003] IO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x000000000245a0c0 flags=0x0070]\n',
      ),
    ).toMatchObject({ line: 1, time: 1.000001, bdf: '00:14.1', notes: [] });
  });

  test('A4: both lines name the unit', () => {
    expect(
      one(
        'iommu ivhd0: AMD-Vi: Event logged [\niommu ivhd0: INVALID_DEVICE_REQUEST device=00:14.1 pasid=0x00000 address=0x0000000000001000 flags=0x0000]\n',
      ),
    ).toMatchObject({ line: 1, bdf: '00:14.1', unit: 'ivhd0', notes: [] });
  });

  test('A5: no AMD-Vi before a device; its domain proves nothing', () => {
    expect(
      one(
        'nvme 0000:01:00.0: Event logged [IO_PAGE_FAULT domain=0x0000 address=0xfc189000 flags=0x0000]',
      ),
    ).toMatchObject({ bdf: '01:00.0', domain: 0, notes: ['domain-misdecoded'] });
  });

  test('the version of the kernel, too, tells of the wrong domain', () => {
    const { notes } = parse(
      'Linux version 4.19.0-1-amd64 (a@b) (gcc)\nAMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x000000000245a0c0 flags=0x0070]\n',
    );
    expect(notes.map((note) => note.id)).toEqual(['domain-misdecoded']);
  });

  test('an orphan body, in a log that starts in the middle', () => {
    expect(
      one('IO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x000000000245a0c0 flags=0x0070]\n'),
    ).toMatchObject({ line: 1, bdf: '00:14.1', notes: [] });
  });

  test('two processors: a header, then another message on the same line', () => {
    const { faults, phases } = parse(
      'AMD-Vi: Event logged [DMAR: DRHD: handling fault status reg 2\nIO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x000000000245a0c0 flags=0x0070]\n',
    );
    expect(faults).toMatchObject([{ bdf: '00:14.1', line: 1 }]);
    expect(phases).toMatchObject([{ phase: 'status' }]);
  });
});

describe('what follows an event', () => {
  const illegal =
    'AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=06:00.0 address=0x0000000135300000 flags=0x0080]';

  test('four words of 64 bits', () => {
    const { faults } = parse(
      [illegal, ...[0, 1, 2, 3].map((at) => `AMD-Vi: DTE[${at}]: 7d9000000000000${at}`)].join('\n'),
    );
    expect(faults[0].dump).toEqual([
      {
        what: 'DTE',
        words: [0x7d90000000000000n, 0x7d90000000000001n, 0x7d90000000000002n, 0x7d90000000000003n],
      },
    ]);
  });

  test('eight words of 32 bits make the same entry', () => {
    const words = [
      '00000003',
      '7d900000',
      '00000001',
      '00000000',
      '11111111',
      '0',
      '22222222',
      '33333333',
    ];
    const { faults } = parse(
      [illegal, ...words.map((word, at) => `AMD-Vi: DTE[${at}]: ${word.padStart(8, '0')}`)].join(
        '\n',
      ),
    );
    expect(faults[0].raw).toHaveLength(8);
    expect(faults[0].dump).toEqual([
      { what: 'DTE', words: [0x7d90000000000003n, 1n, 0x11111111n, 0x3333333322222222n] },
    ]);
  });

  test('the command after ILLEGAL_COMMAND_ERROR, the control register before a DTE', () => {
    const { faults } = parse(
      [
        'AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x12345670]',
        'AMD-Vi: CMD[0]: 00835001',
        'AMD-Vi: CMD[1]: 10000001',
        'AMD-Vi: CMD[2]: 00003c00',
        'AMD-Vi: CMD[3]: 00000000',
        illegal,
        'iommu ivhd0: AMD-Vi: Control Reg : 0xc22000003f48d',
        'AMD-Vi: DTE[0]: 7d90000000000003',
      ].join('\n'),
    );
    expect(faults[0].dump).toEqual([{ what: 'CMD', words: [0x1000000100835001n, 0x3c00n] }]);
    expect(faults[1].dump).toEqual([
      { what: 'Control', words: [0xc22000003f48dn] },
      { what: 'DTE', words: [0x7d90000000000003n] },
    ]);
  });

  test('words that belong to no fault stand in the phases', () => {
    const { phases } = parse('AMD-Vi: DTE[0]: 7d90000000000003\n');
    expect(phases).toMatchObject([
      { phase: 'run-time', event: 'table-dump', details: { raw: [0x7d90000000000003n] } },
    ]);
  });

  test('a device without a domain', () => {
    const { faults, notes } = parse(
      '[    1.000000] AMD-Vi: Event logged [Device not attached to domain properly]\n[    1.000001]   device=0000:06:00.0 domain=0x000d\n',
    );
    expect(faults).toMatchObject([
      { line: 1, event: 'IO_PAGE_FAULT', bdf: '06:00.0', domain: 13, segment: 0 },
    ]);
    expect(notes.map((note) => note.id)).toEqual(['device-without-domain']);
  });

  test('up to 5.14 a fault beyond its device’s limit is printed a second time', () => {
    const { notes } = parse(
      [
        'nvme 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0000 address=0x1000 flags=0x0000]',
        'AMD-Vi: Event logged [IO_PAGE_FAULT device=01:00.0 domain=0x0000 address=0x1000 flags=0x0000]',
      ].join('\n'),
    );
    expect(notes.map((note) => note.id)).toEqual(['printed-twice']);
  });
});

describe('noise', () => {
  test.each([
    [
      'AMD-Vi: Event logged [IO_PAGE_FAULT device=00:1?.1 domain=0x000d address=0x1000 flags=0x0070]',
    ],
    [
      'AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x1000 flags=0x00~0]',
    ],
    [
      'AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d addrss=0x1000 flags=0x0070]',
    ],
    ['AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d flags=0x0070]'],
  ])('%s', (line) => {
    const { faults, notes } = parse(`${line}\n`);
    expect(faults).toEqual([]);
    expect(notes).toMatchObject([{ id: 'unparsed', line: 1 }]);
  });
});
