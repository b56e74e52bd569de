import { parseBdf } from '../format/bdf.ts';
import type { FaultRecord, VtdEra } from '../iommu/fault.ts';
import { faultReason } from '../vtd/reasons.ts';
import { byteDigits, hexByte } from '../format/hex.ts';

/**
 * The kernel's own wording of a VT-d fault in an era, without time stamps: one line, or two lines
 * (joined by a newline) for V1 to V3. Reasons that the era's kernels have no name for print as
 * `Unknown`, and where no table covers the number, as a DMA fault.
 */
export function formatVtdFault(record: FaultRecord, era: VtdEra): string {
  const reason = record.reason ?? 0;
  const words = reasonWords(reason, era);
  const device = deviceText(record, era);
  if (record.type === 'interrupt') {
    const index = (record.index ?? 0).toString(16);
    if (isTwoLine(era))
      return `${twoLinePrefix(era)}INTR-REMAP: Request device [[${device}] fault index ${index}\nINTR-REMAP:[fault reason ${decimal(reason)}] ${words}`;
    return era >= 'V6'
      ? `DMAR: [INTR-REMAP] Request device [${device}] fault index 0x${index} [fault reason ${hexByte(reason)}] ${words}`
      : `DMAR: [INTR-REMAP] Request device [${device}] fault index ${index} [fault reason ${decimal(reason)}] ${words}`;
  }
  const access = record.access === 'write' ? 'DMA Write' : 'DMA Read';
  const address = ((record.address ?? 0n) & ~0xfffn).toString(16);
  if (isTwoLine(era))
    return `${twoLinePrefix(era)}DMAR:[${access}] Request device [${device}] fault addr ${address} \nDMAR:[fault reason ${decimal(reason)}] ${words}`;
  if (era === 'V4')
    return `DMAR: [${access}] Request device [${device}] fault addr ${address} [fault reason ${decimal(reason)}] ${words}`;
  if (era === 'V5')
    return `DMAR: [${access}] Request device [${device}] PASID ${(record.pasid ?? 0xffffffff).toString(16)} fault addr ${address} [fault reason ${decimal(reason)}] ${words}`;
  const pasid = record.pasid === undefined ? 'NO_PASID' : `PASID 0x${record.pasid.toString(16)}`;
  return `DMAR: [${access} ${pasid}] Request device [${device}] fault addr 0x${address} [fault reason ${hexByte(reason)}] ${words}`;
}

/** The line that announces faults, for a value of the fault status register. */
export function formatVtdStatus(status: number, era: VtdEra): string {
  const prefix = era === 'V1' ? '' : era === 'V2' ? 'dmar: ' : 'DMAR: ';
  return `${prefix}DRHD: handling fault status reg ${status.toString(16)}`;
}

function isTwoLine(era: VtdEra): boolean {
  return era <= 'V3';
}

function twoLinePrefix(era: VtdEra): string {
  if (era === 'V1') return '';
  return era === 'V2' ? 'dmar: ' : 'DMAR: ';
}

const decimal = (reason: number): string => String(reason).padStart(2, '0');

/** Kernels before 5.4 know no reason of scalable mode. */
function reasonWords(reason: number, era: VtdEra): string {
  const known = faultReason(reason);
  return known?.known && (known.kind !== 'scalable' || era >= 'V5') ? known.name : 'Unknown';
}

function deviceText(record: FaultRecord, era: VtdEra): string {
  const { id, segment } = parseBdf(record.bdf ?? '00:00.0') ?? { id: 0, segment: 0 };
  const bus = byteDigits(id >> 8);
  const device = byteDigits((id >> 3) & 0x1f);
  if (era === 'V6') return `0x${bus}:0x${device}.${id & 7}`;
  const text = `${bus}:${device}.${id & 7}`;
  return era === 'V8' ? `${segment.toString(16).padStart(4, '0')}:${text}` : text;
}
