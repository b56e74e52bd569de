/** What rows of the AMD-Vi tree share. */
import { treeNode } from '../iommu/tree-node.ts';
import type { TreeNode } from '../iommu/unit.ts';
import type { UnknownPage } from '../memory/physical.ts';
import { UNKNOWN_WORDS } from '../memory/unknown-words.ts';

/** The row that stands for a table page that is not known. */
export function missingNode(parent: string, address: bigint, why: UnknownPage): TreeNode {
  return treeNode({
    path: `${parent}/missing`,
    label: 'missing',
    kind: 'missing',
    decoded: UNKNOWN_WORDS[why],
    pointsTo: address,
    present: false,
  });
}

/** `L1[484–510]`, or `L1[484]` for one entry. */
export function runLabel(level: number, first: number, last: number): string {
  return first === last ? `L${level}[${first}]` : `L${level}[${first}–${last}]`;
}

/** The path step of a run: `L1[484-510]`. */
export function runStep(level: number, first: number, last: number): string {
  return first === last ? `L${level}[${first}]` : `L${level}[${first}-${last}]`;
}
