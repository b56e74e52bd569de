/**
 * Address ranges whose requests are not memory accesses: the interrupt range, and HyperTransport's
 * range at the top of 40 bits (48882 rev 3.08, §2.1.2, table of special address ranges).
 */
import type { WalkRequest } from '../iommu/unit.ts';
import type { AmdContext } from './context.ts';
import type { DeviceTableEntry } from './dte.ts';
import type { EventName } from './events.ts';

const INTERRUPT = { first: 0xfee0_0000n, last: 0xfeef_ffffn };
const HYPERTRANSPORT = { first: 0xfd_0000_0000n, last: 0xff_ffff_ffffn };
const SYSTEM_MANAGEMENT = { first: 0xfd_f910_0000n, last: 0xfd_f91f_ffffn };
const PORT_IO = { first: 0xfd_fc00_0000n, last: 0xfd_fdff_ffffn };

/** Type of an INVALID_DEVICE_REQUEST, at its place in the flags (bits 59:57 of the event). */
const type = (value: number): number => value << 9;

export type Special =
  | { readonly result: 'forwarded'; readonly text: string }
  | {
      readonly result: 'event';
      readonly event: EventName;
      readonly flags: number;
      readonly text: string;
    };

const within = (address: bigint, range: { first: bigint; last: bigint }): boolean =>
  address >= range.first && address <= range.last;

const invalid = (value: number, text: string): Special => ({
  result: 'event',
  event: 'INVALID_DEVICE_REQUEST',
  flags: type(value),
  text,
});

/**
 * What happens to a request without PASID in a special range; undefined where the address is
 * translated like any other.
 */
export function specialRange(
  context: AmdContext,
  dte: DeviceTableEntry,
  request: WalkRequest,
): Special | undefined {
  const { address, access } = request;
  if (within(address, INTERRUPT)) {
    if (access === 'read')
      return invalid(0, 'A read in the interrupt range is no valid request: target abort.');
    return {
      result: 'forwarded',
      text: 'A write in the interrupt range is an interrupt request; the interrupt half decides.',
    };
  }
  if (!within(address, HYPERTRANSPORT) || context.feature2('HTRangeIgnore') !== 0) return undefined;
  if (within(address, PORT_IO)) return portIo(dte);
  if (within(address, SYSTEM_MANAGEMENT)) return systemManagement(dte, access);
  return undefined;
}

function portIo(dte: DeviceTableEntry): Special | undefined {
  if (dte.ioCtl === 0) return invalid(2, 'IoCtl = 00b: port I/O ends in a target abort.');
  if (dte.ioCtl === 1)
    return { result: 'forwarded', text: 'IoCtl = 01b: port I/O is forwarded without translation.' };
  if (dte.ioCtl === 2) return undefined;
  return {
    result: 'event',
    event: 'ILLEGAL_DEV_TABLE_ENTRY',
    flags: 0,
    text: 'IoCtl = 11b is reserved.',
  };
}

function systemManagement(dte: DeviceTableEntry, access: 'read' | 'write'): Special | undefined {
  if (dte.sysMgt === 3) return undefined;
  if (access === 'read') return invalid(6, 'A read in the system management range: target abort.');
  if (dte.sysMgt === 0)
    return invalid(3, 'SysMgt = 00b: system management requests end in a target abort.');
  return { result: 'forwarded', text: 'SysMgt lets system management requests through.' };
}
