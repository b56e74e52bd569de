/** Making rows of the tree: children are made when asked for and never held. */
import type { Finding } from '../iommu/finding.ts';
import type { Rights } from '../iommu/leaves.ts';
import type { Entry, TreeNode } from '../iommu/unit.ts';
import type { UnknownPage } from '../memory/physical.ts';

export interface NodeParts {
  readonly path: string;
  readonly label: string;
  readonly kind: TreeNode['kind'];
  readonly decoded: string;
  readonly entry?: Entry;
  readonly pointsTo?: bigint;
  readonly rights?: Rights;
  /** True unless said otherwise. */
  readonly present?: boolean;
  readonly findings?: readonly Finding[];
  /** Absent for rows without children. */
  readonly children?: (all: boolean) => readonly TreeNode[];
  /** Children without those that are not present; counted by making them where this is absent. */
  readonly count?: () => number;
}

export function makeNode(parts: NodeParts): TreeNode {
  let count: number | undefined;
  return {
    path: parts.path,
    label: parts.label,
    kind: parts.kind,
    entry: parts.entry,
    pointsTo: parts.pointsTo,
    decoded: parts.decoded,
    rights: parts.rights,
    present: parts.present ?? true,
    findings: parts.findings ?? [],
    get childCount() {
      count ??= parts.count?.() ?? parts.children?.(false).length ?? 0;
      return count;
    },
    children: (all) => parts.children?.(all) ?? [],
  };
}

const WHY: Readonly<Record<UnknownPage, string>> = {
  excluded: "page excluded by the dump's filter",
  absent: 'not in this dump',
  failed: 'page damaged',
  pending: 'not read yet',
};

/** The row that stands for a table page that is not known. */
export function missingNode(parent: string, address: bigint, why: UnknownPage): TreeNode {
  return makeNode({
    path: `${parent}/missing`,
    label: 'missing',
    kind: 'missing',
    decoded: WHY[why],
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
