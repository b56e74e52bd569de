import type { PhaseRule } from './phase-rule.ts';
import { rule } from './phase-table.ts';

const BDF = '(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]';
const numbered = (groups: Readonly<Record<string, string | undefined>>): string | undefined =>
  groups['number'] === undefined ? undefined : `dmar${groups['number']}`;
const base = { kinds: { base: 'hex' } } as const;
const unitRegisters = { base: 'hex', cap: 'hex', ecap: 'hex' } as const;

/** What kernels say of the DMAR table and of VT-d units, all eras. */
export const INTEL_BRING_UP: readonly PhaseRule[] = [
  rule('Host address width', /Host address width (?<bits>\d+)/, 'bring-up', 'host-address-width', {
    kinds: { bits: 'decimal' },
  }),
  rule(
    'DRHD base: ',
    /DRHD base: 0x(?<base>[0-9a-f]{1,16}) flags: (?:0x)?(?<flags>[0-9a-f]+)/,
    'bring-up',
    'drhd',
    {
      kinds: { base: 'hex', flags: 'hex' },
    },
  ),
  rule(
    'RMRR base: ',
    /RMRR base: 0x(?<start>[0-9a-f]{1,16}) end: 0x(?<end>[0-9a-f]{1,16})/,
    'bring-up',
    'rmrr',
    { kinds: { start: 'hex', end: 'hex' } },
  ),
  rule('ATSR flags: ', /ATSR flags: 0x(?<flags>[0-9a-f]+)/, 'bring-up', 'atsr', {
    kinds: { flags: 'hex' },
  }),
  rule(
    'RHSA base: ',
    /RHSA base: 0x(?<base>[0-9a-f]{1,16}) proximity domain: 0x(?<proximity>[0-9a-f]+)/,
    'bring-up',
    'rhsa',
    {
      kinds: { base: 'hex', proximity: 'hex' },
    },
  ),
  rule('ANDD device: ', /ANDD device: (?<number>[0-9a-f]+) name: (?<name>.*)$/, 'bring-up', 'andd'),
  rule('SATC flags: ', /SATC flags: 0x(?<flags>[0-9a-f]+)/, 'bring-up', 'satc', {
    kinds: { flags: 'hex' },
  }),
  rule(
    'reg_base_addr ',
    /(?:IOMMU (?<number>\d+)|(?<unit>dmar\d+)): reg_base_addr (?<base>[0-9a-f]{1,16}) ver (?<version>\d+:\d+) cap (?<cap>[0-9a-f]{1,16}) ecap (?<ecap>[0-9a-f]{1,16})\b/,
    'bring-up',
    'unit',
    { kinds: unitRegisters, unitOf: numbered },
  ),
  rule(
    ': ver 1:0 cap ',
    /IOMMU (?<base>[0-9a-f]{1,16}): ver (?<version>\d+:\d+) cap (?<cap>[0-9a-f]{1,16}) ecap (?<ecap>[0-9a-f]{1,16})\b/,
    'bring-up',
    'unit',
    { kinds: unitRegisters },
  ),
  rule('IOMMU enabled', /DMAR: IOMMU enabled/, 'bring-up', 'enabled'),
  rule('IOMMU disabled', /DMAR: IOMMU disabled/, 'bring-up', 'disabled', { severity: 'warning' }),
  rule('Intel-IOMMU: enabled', /Intel-IOMMU: enabled/, 'bring-up', 'enabled'),
  rule('Intel-IOMMU: disabled', /Intel-IOMMU: disabled/, 'bring-up', 'disabled', {
    severity: 'warning',
  }),
  rule(
    'Intel-IOMMU force enabled',
    /Intel-IOMMU force enabled due to platform opt in/,
    'bring-up',
    'forced',
  ),
  rule(
    'Enable scalable mode',
    /Enable scalable mode if hardware supports/,
    'bring-up',
    'scalable-asked',
  ),
  rule(
    'Queued invalidation will be',
    /Queued invalidation will be enabled to support x2apic and Intr-remapping/,
    'bring-up',
    'queued-invalidation',
  ),
  rule(
    'ueued invalidation',
    /(?:(?<unit>dmar\d+): |IOMMU:? (?<number>\d+)?(?: ?0x(?<base>[0-9a-f]{1,16}):)?(?:(?<name>\S+) )?\s*)[uU]sing Queued invalidation/,
    'bring-up',
    'queued-invalidation',
    { kinds: { base: 'hex' }, unitOf: (groups) => groups['name'] ?? numbered(groups) },
  ),
  rule(
    'Register based invalidation',
    /(?:(?<unit>dmar\d+): |IOMMU (?<number>\d+) 0x(?<base>[0-9a-f]{1,16}): )[uU]sing Register based invalidation/,
    'bring-up',
    'register-invalidation',
    { kinds: { base: 'hex' }, unitOf: numbered },
  ),
  rule(
    'etting identity map',
    new RegExp(
      `(?:(?<driver>\\S+) (?<bdf>${BDF}): DMAR: )?Setting identity map(?: for device (?<device>${BDF}))? \\[0x(?<start>[0-9a-f]{1,16}) - 0x(?<end>[0-9a-f]{1,16})\\]`,
    ),
    'bring-up',
    'identity-map',
    { kinds: { start: 'hex', end: 'hex' } },
  ),
  rule(
    'ware identity mapping',
    new RegExp(`(?<how>[hH]ardware|[sS]oftware) identity mapping for device (?<device>${BDF})`),
    'bring-up',
    'pass-through',
  ),
  rule('Setting RMRR:', /Setting RMRR:/, 'bring-up', 'setting-rmrr'),
  rule(
    'Virtualization Technology for Directed',
    /Intel\(R\) Virtualization Technology for Directed I\/O/,
    'bring-up',
    'ready',
  ),
  rule('No RMRR found', /No RMRR found/, 'bring-up', 'no-rmrr'),
  rule('No ATSR found', /No ATSR found/, 'bring-up', 'no-atsr'),
  rule('No SATC found', /No SATC found/, 'bring-up', 'no-satc'),
  rule(
    'BIOS is broken; DMAR',
    /Your BIOS is broken; DMAR reported at address (?<base>[0-9a-f]{1,16})(?<why>[^!]{0,80})!/,
    'bring-up',
    'bios-broken',
    { severity: 'error', kinds: { base: 'hex' } },
  ),
  rule(
    'is broken - applying workaround',
    new RegExp(`RMRR entry for device (?<bdf>${BDF}) is broken - applying workaround`),
    'bring-up',
    'rmrr-broken',
    { severity: 'warning' },
  ),
  rule(
    'support X2APIC mode',
    /IRQ remapping doesn't support X2APIC mode/,
    'bring-up',
    'x2apic-unsupported',
    { severity: 'warning' },
  ),
  rule(
    'under DRHD base',
    /(?<what>IOAPIC|HPET) id (?<id>\d+) under DRHD base\s+0x(?<base>[0-9a-f]{1,16})(?: IOMMU (?<number>\d+))?/,
    'bring-up',
    'interrupt-source',
    { kinds: { base: 'hex', id: 'decimal', number: 'decimal' }, unitOf: numbered },
  ),
  rule(
    'does not support EIM',
    /(?<unit>dmar\d+) does not support EIM/,
    'bring-up',
    'no-extended-interrupts',
  ),
  rule(
    'Enabled IRQ remapping',
    /Enabled IRQ remapping in (?<mode>x2apic|xapic) mode/,
    'bring-up',
    'interrupt-remapping',
    { implies: { vendor: 'intel' } },
  ),
  rule(
    'x2apic opt out bit',
    /x2apic is disabled because BIOS sets x2apic opt out bit/,
    'bring-up',
    'x2apic-opt-out',
    { severity: 'warning' },
  ),
  rule(
    'Not enabling interrupt',
    /Not enabling interrupt(?: |-)remapping/,
    'bring-up',
    'no-interrupt-remapping',
    { severity: 'warning' },
  ),
  rule(
    'system BIOS has enabled interrupt',
    /This system BIOS has enabled interrupt remapping/,
    'bring-up',
    'interrupt-remapping-broken',
    { severity: 'warning' },
  ),
  rule(
    'Default domain type: ',
    /iommu: Default domain type: (?<type>\w+)/,
    'bring-up',
    'default-domain',
  ),
  rule(
    'strict mode due to',
    /AMD-Vi: Using (?<mode>strict) mode due to virtualization/,
    'bring-up',
    'invalidation-policy',
  ),
  rule(
    'TLB invalidation policy',
    /iommu: DMA domain TLB invalidation policy: (?<mode>\w+) mode/,
    'bring-up',
    'invalidation-policy',
  ),
];

/** What kernels say of AMD-Vi units, all eras. */
export const AMD_BRING_UP: readonly PhaseRule[] = [
  rule(
    'ing IOMMU at ',
    new RegExp(`Enabling IOMMU at (?<bdf>${BDF}) cap 0x(?<capability>[0-9a-f]+)`),
    'bring-up',
    'unit',
    { kinds: { capability: 'hex' } },
  ),
  rule(
    'Found IOMMU ',
    new RegExp(
      `(?:pci (?<pci>${BDF}): )?AMD-Vi: Found IOMMU (?:at (?<bdf>${BDF}) )?cap 0x(?<capability>[0-9a-f]+)`,
    ),
    'bring-up',
    'unit',
    { kinds: { capability: 'hex' } },
  ),
  rule(
    'xtended features',
    /[eE]xtended features \(0x(?<features>[0-9a-f]{1,16})(?:, 0x(?<features2>[0-9a-f]{1,16}))?\):?(?<words>.*)$/,
    'bring-up',
    'extended-features',
    { kinds: { features: 'hex', features2: 'hex' } },
  ),
  rule(
    'xtended features: ',
    /[eE]xtended features: (?<words>.*)$/,
    'bring-up',
    'extended-features',
  ),
  rule(
    'global IVHD EFR',
    /Using global IVHD EFR:0x(?<features>[0-9a-f]{1,16}), EFR2:0x(?<features2>[0-9a-f]{1,16})/,
    'bring-up',
    'table-features',
    { kinds: { features: 'hex', features2: 'hex' } },
  ),
  rule('counters supp', /IOMMU performance counters supported/, 'bring-up', 'performance-counters'),
  rule('AMD-Vi: Interr', /AMD-Vi: Interrupt remapping enabled/, 'bring-up', 'interrupt-remapping', {
    implies: { vendor: 'amd' },
  }),
  rule('X2APIC enabled', /AMD-Vi: X2APIC enabled/, 'bring-up', 'x2apic'),
  rule('irtual APIC enabled', /AMD-Vi: [vV]irtual APIC enabled/, 'bring-up', 'virtual-apic'),
  rule(
    'not in IVRS table',
    /IOAPIC\[(?<id>\d+)\] not in IVRS table/,
    'bring-up',
    'ioapic-missing',
    { severity: 'error', kinds: { id: 'decimal' } },
  ),
  rule(
    'AMD-Vi: Disabl',
    /AMD-Vi: Disabling interrupt remapping/,
    'bring-up',
    'no-interrupt-remapping',
    { severity: 'warning' },
  ),
  rule(
    'AMD-Vi: device: ',
    new RegExp(
      `AMD-Vi: device: (?<bdf>${BDF}) cap: (?<capability>[0-9a-f]{4}) (?:seg: (?<segment>\\d+) )?flags: (?<flags>[0-9a-f]+) info (?<info>[0-9a-f]{4})`,
    ),
    'bring-up',
    'table-unit',
    { kinds: { capability: 'hex', flags: 'hex', info: 'hex', segment: 'decimal' } },
  ),
  rule('mmio-addr: ', /mmio-addr: (?<base>[0-9a-f]{16})/, 'bring-up', 'table-unit-base', base),
  rule(
    'AMD-Vi:   DEV_',
    new RegExp(
      `AMD-Vi:\\s+DEV_(?<entry>ALL|SELECT|SELECT_RANGE_START|ALIAS|ALIAS_RANGE|EXT_SELECT|EXT_SELECT_RANGE|RANGE_END|SPECIAL|ACPI_HID)(?:\\((?<special>[^)\\s]{1,40})\\))?\\s*(?:devid: (?<bdf>${BDF}))?(?:\\s*(?:flags|setting): (?:0x)?(?<flags>[0-9a-f]{1,4}))?(?:\\s*devid_to: (?<to>${BDF}))?`,
    ),
    'bring-up',
    'table-device',
    { kinds: { flags: 'hex' } },
  ),
];
