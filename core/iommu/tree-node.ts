/** Making rows of the tree, for both vendors: children are made when asked for and never held. */
import type { Finding } from './finding.ts';
import type { Rights } from './leaves.ts';
import type { Entry, TreeNode } from './unit.ts';

export interface NodeParts {
  readonly path: string;
  readonly label: string;
  readonly kind: TreeNode['kind'];
  /** A function where it takes reading: it is called when somebody looks. */
  readonly decoded: string | (() => string);
  readonly entry?: Entry;
  readonly pointsTo?: bigint;
  readonly rights?: Rights;
  /** True unless said otherwise. */
  readonly present?: boolean;
  readonly findings?: readonly Finding[];
  /** Makes the rows below; absent for rows that have none. */
  readonly children?: (all: boolean) => readonly TreeNode[];
  /** Makes one of the rows below, where that is quicker than to make them all. */
  readonly child?: (path: string) => TreeNode | undefined;
  /** Counts the rows below that are present, without making them. */
  readonly count?: () => number;
}

/** Makes a row; its count is found when it is first asked for. */
export function treeNode(parts: NodeParts): TreeNode {
  return new Node(parts);
}

class Node implements TreeNode {
  readonly path: string;
  readonly label: string;
  readonly kind: TreeNode['kind'];
  readonly #decoded: NodeParts['decoded'];
  readonly entry: Entry | undefined;
  readonly pointsTo: bigint | undefined;
  readonly rights: Rights | undefined;
  readonly present: boolean;
  readonly findings: readonly Finding[];
  readonly #children: NodeParts['children'];
  readonly #child: NodeParts['child'];
  readonly #counter: NodeParts['count'];
  #count: number | undefined;

  constructor(parts: NodeParts) {
    this.path = parts.path;
    this.label = parts.label;
    this.kind = parts.kind;
    this.#decoded = parts.decoded;
    this.entry = parts.entry;
    this.pointsTo = parts.pointsTo;
    this.rights = parts.rights;
    this.present = parts.present ?? true;
    this.findings = parts.findings ?? [];
    this.#children = parts.children;
    this.#child = parts.child;
    this.#counter = parts.count;
  }

  get decoded(): string {
    return typeof this.#decoded === 'string' ? this.#decoded : this.#decoded();
  }

  get childCount(): number {
    this.#count ??= this.#counter ? this.#counter() : this.children(false).length;
    return this.#count;
  }

  children(all: boolean): readonly TreeNode[] {
    return this.#children?.(all) ?? [];
  }

  child(path: string): TreeNode | undefined {
    return this.#child ? this.#child(path) : this.children(true).find((each) => each.path === path);
  }
}
