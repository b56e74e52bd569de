/**
 * Paths name any entry, stable and printable; the same string stands in the breadcrumb, in JSON,
 * in notes and in scripts. The app's link is `faultline://SESSION/` and the path.
 *
 *   dmar0                                   the unit
 *   dmar0/root                              its root table        (bus N: dmar0/bus.02)
 *   dmar0/02:00.0/context                   a context entry
 *   dmar0/02:00.0/pasid.0                   a PASID table entry   (directory entry: pasid-dir.0)
 *   dmar0/02:00.0/L4[0]/L3[3]               page-table entries, from the top level down
 *   dmar0/02:00.0/pasid.0/L4[0]             the same under a PASID
 *   dmar0/02:00.0/L4[0]/L3[3-9]             a run of entries that the tree shows as one row
 *   dmar0/irq/42                            an interrupt remapping table entry
 *   dmar0/queue/3                           an invalidation descriptor
 *   ivhd0/00:14.0/dte                       a device table entry
 *   ivhd0/irq/00:14.0/3                     an AMD interrupt remapping entry
 */
export type PathStep =
  | { readonly kind: 'unit'; readonly name: string }
  | { readonly kind: 'word'; readonly name: string }
  | { readonly kind: 'device'; readonly bdf: string }
  | { readonly kind: 'pasid'; readonly pasid: number }
  | {
      readonly kind: 'level';
      readonly level: number;
      readonly index: number;
      /** Last index of a run of entries. */
      readonly last?: number;
    }
  | { readonly kind: 'index'; readonly index: number };

const DEVICE = /^(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

/** Splits a path into steps. @returns undefined when the text is not a path. */
export function parsePath(text: string): readonly PathStep[] | undefined {
  const parts = text.split('/');
  if (!/^[a-z]+\d+$/.test(parts[0])) return undefined;
  const steps: PathStep[] = [{ kind: 'unit', name: parts[0] }];
  for (const part of parts.slice(1)) {
    const level = /^L(\d)\[(\d{1,3})(?:-(\d{1,3}))?\]$/.exec(part);
    const pasid = /^pasid\.(\d{1,7})$/.exec(part);
    if (level)
      steps.push({
        kind: 'level',
        level: Number(level[1]),
        index: Number(level[2]),
        ...(level[3] === undefined ? {} : { last: Number(level[3]) }),
      });
    else if (pasid) steps.push({ kind: 'pasid', pasid: Number(pasid[1]) });
    else if (DEVICE.test(part)) steps.push({ kind: 'device', bdf: part });
    else if (/^\d{1,7}$/.test(part)) steps.push({ kind: 'index', index: Number(part) });
    else if (/^[a-z][a-z0-9.-]*$/.test(part)) steps.push({ kind: 'word', name: part });
    else return undefined;
  }
  return steps;
}

/** `L3[511]`: one page-table step as the path and the tree write it. */
export function levelStep(level: number, index: number): string {
  return `L${level}[${index}]`;
}
