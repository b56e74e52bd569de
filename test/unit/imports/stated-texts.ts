/** Cases that are opened from texts, beside the real ones. */
import { expect } from 'vitest';
import { eachLeaf } from '../../../core/session/mapping-filter.ts';
import { bytesSource } from '../../../core/memory/platform.ts';
import { DEFAULT_BUDGET, type Device, type Unit } from '../../../core/iommu/unit.ts';
import type { Investigation } from '../../../core/session/investigation.ts';
import { openInvestigation } from '../../../core/session/open-investigation.ts';
import { nodePlatform } from '../../../electron/host/platform.ts';
import { captureBytes, type CaptureName } from '../../support/captures.ts';

const source = (name: string, text: string | Uint8Array): ReturnType<typeof bytesSource> =>
  bytesSource(name, typeof text === 'string' ? new TextEncoder().encode(text) : text);

export function open(...texts: (string | Uint8Array)[]): Investigation {
  return openInvestigation(
    texts.map((text, index) => source(`paste ${index}`, text)),
    { platform: nodePlatform },
  );
}

/** A capture's first unit as its tables and registers show it. */
export function real(name: CaptureName): {
  unit: Unit;
  memory: NonNullable<Investigation['memory']>;
} {
  const investigation = open(
    captureBytes(name, 'tables.before.elf'),
    captureBytes(name, 'regs.before.json'),
  );
  return { unit: investigation.units()[0], memory: investigation.memory! };
}

export function leaves(unit: Unit, device: Device): string[] {
  const out: string[] = [];
  const sink = eachLeaf(({ iova, pa, pages, rights }) => {
    out.push(`${iova} ${pa} ${pages} ${rights}`);
    return true;
  });
  expect(unit.sweep(device, sink, DEFAULT_BUDGET).incomplete).toEqual([]);
  return out;
}

export const same = (of: Unit, pick: (device: Device) => unknown): unknown[] =>
  of.devices().devices.map((device) => [device.bdf, device.pasid, pick(device)]);
