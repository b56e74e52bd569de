/** Every leaf of a device's translation, as columns. */
import type { LeafSink } from '../iommu/leaves.ts';
import type { Budget, Device, SweepResult } from '../iommu/unit.ts';
import type { AmdContext } from './context.ts';
import { decodeDte } from './dte.ts';
import { LeafWriter } from './leaf-writer.ts';
import { sweepGuest } from './sweep-guest.ts';
import { sweepHost } from './sweep-host.ts';
import { SweepState } from './sweep-state.ts';

/**
 * Hands every leaf to `sink` in order of IOVA. Rows that translate nothing (pass-through, blocked)
 * have none. A row without PASID of a guest-translated device is that of PASID 0.
 */
export function sweepDevice(
  context: AmdContext,
  device: Device,
  sink: LeafSink,
  budget: Budget,
): SweepResult {
  const leaves = new LeafWriter(sink);
  const guest = device.translation === 'v2' || device.translation === 'nested';
  const at = context.path(device.bdf, ...(guest ? [`pasid.${device.pasid ?? 0}`] : []));
  const state = new SweepState(context, at, leaves, budget);
  const dte = decodeDte(device.entry.words);
  if (device.translation === 'v1') sweepHost(state, dte);
  else if (guest && device.pageTable !== undefined) sweepGuest(state, dte, device.pageTable);
  return state.result();
}
