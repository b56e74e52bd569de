import { eventFlagNames, pageFaultMeaning, type EventName } from '../amdvi/events.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import { faultReason } from '../vtd/reasons.ts';

/** What AMD-Vi events say, other than the page fault (48882 rev 3.08, §2.5). */
const EVENTS: Readonly<Record<string, string>> = {
  ILLEGAL_DEV_TABLE_ENTRY:
    "the device's entry in the device table has a reserved bit set or a value that the unit does not support",
  DEV_TAB_HARDWARE_ERROR: 'the unit could not read the device table: no memory answered there',
  PAGE_TAB_HARDWARE_ERROR: 'the unit could not read a page table: no memory answered there',
  ILLEGAL_COMMAND_ERROR: 'the unit read a command that it does not know, and stopped its queue',
  COMMAND_HARDWARE_ERROR: 'the unit could not read its command buffer, and stopped its queue',
  IOTLB_INV_TIMEOUT: 'the device did not answer when it was told to drop cached translations (ATS)',
  INVALID_DEVICE_REQUEST: 'the device sent a request that its entry does not allow',
  INVALID_PPR_REQUEST: 'the device sent a page request that its entry does not allow',
  RMP_PAGE_FAULT: 'the reverse map table of SEV-SNP refused the access',
  RMP_HW_ERROR: 'the unit could not read the reverse map table of SEV-SNP',
  RMP_HARDWARE_ERROR: 'the unit could not read the reverse map table of SEV-SNP',
};

/** What the unit said, in words: without any table this is all there is. */
export function meaningOf(fault: FaultRecord): string | undefined {
  if (fault.vendor === 'intel')
    return fault.reason === undefined ? undefined : faultReason(fault.reason)?.meaning;
  if (fault.event === 'IO_PAGE_FAULT')
    return fault.flags === undefined ? undefined : pageFaultMeaning(Number(fault.flags & 0xfffn));
  return fault.event === undefined ? undefined : EVENTS[fault.event];
}

/** The flags' names of an AMD-Vi event: those of the log's record, else decoded here. */
export function flagNames(fault: FaultRecord): readonly string[] {
  if (fault.flagNames) return fault.flagNames;
  if (fault.flags === undefined || fault.event === undefined) return [];
  return eventFlagNames(fault.event as EventName, Number(fault.flags & 0xfffn));
}
