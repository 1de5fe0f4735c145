import type { PlanEntry } from '../../harness/events.ts';
import { keyOf } from '../../report/case-key.ts';
import { CASE_STATES, type CaseState, caseStateOf, isWrong, type Progress } from './case-state.ts';

/** A case in the tree. */
export interface Leaf {
  readonly entry: PlanEntry;
  readonly key: string;
  /** Its id without the suite. */
  readonly label: string;
}

/** A part of the suites: of `ops.nn.silu` there are the parts `ops`, `ops.nn` and `ops.nn.silu`. */
export interface Branch {
  /** Unlike all others' of the tree. */
  readonly path: string;
  readonly label: string;
  readonly branches: readonly Branch[];
  readonly leaves: readonly Leaf[];
  /** All cases below. */
  readonly size: number;
  /** The patterns that match what is below, and nothing else. */
  readonly patterns: readonly string[];
  /** The device behind the bridge that computes; ours without. */
  readonly backend?: string;
}

/** How many of a branch's cases stand how. */
export type Counts = Readonly<Partial<Record<CaseState, number>>>;

interface Growing {
  readonly branches: Map<string, Growing>;
  readonly leaves: Leaf[];
}

const grow = (): Growing => ({ branches: new Map(), leaves: [] });

/**
 * The entries as a tree of their suites' dotted names, in plan order. What another backend computes
 * stands below that backend's name.
 */
export function suiteTree(entries: readonly PlanEntry[]): readonly Branch[] {
  const backends = new Map<string, Growing>();
  for (const entry of entries) {
    let at = next(backends, entry.backend);
    for (const part of entry.suite.split('.')) at = next(at.branches, part);
    const { id, suite } = entry;
    at.leaves.push({
      entry,
      key: keyOf(entry),
      label: id.startsWith(`${suite}:`) ? id.slice(suite.length + 1) : id,
    });
  }
  return [...backends].flatMap(([backend, root]) => {
    if (backend === 'webgpu')
      return [...root.branches].map(([name, child]) => branchOf(child, [name], [name]));
    const below = [...root.branches].map(([name, child]) =>
      branchOf(child, [name], [name], backend),
    );
    const size = below.reduce((sum, branch) => sum + branch.size, 0);
    return [
      {
        path: backend,
        label: backend,
        branches: below,
        leaves: [],
        size,
        patterns: below.flatMap(({ patterns }) => patterns),
        backend,
      },
    ];
  });
}

function next(map: Map<string, Growing>, name: string): Growing {
  const known = map.get(name) ?? grow();
  map.set(name, known);
  return known;
}

/** A chain of parts without a fork is one branch. */
function branchOf(
  { branches, leaves }: Growing,
  parts: readonly string[],
  shown: readonly string[],
  backend?: string,
): Branch {
  const [only] = branches;
  if (only && branches.size === 1 && leaves.length === 0)
    return branchOf(only[1], [...parts, only[0]], [...shown, only[0]], backend);
  const children = [...branches].map(([name, child]) =>
    branchOf(child, [...parts, name], [name], backend),
  );
  const name = parts.join('.');
  return {
    path: backend ? `${backend} ${name}` : name,
    label: shown.join('.'),
    branches: children,
    leaves,
    size: leaves.length + children.reduce((sum, { size }) => sum + size, 0),
    patterns: [
      ...(leaves.length > 0 ? [`${name}:*`] : []),
      ...(children.length > 0 ? [`${name}.*`] : []),
    ],
    ...(backend ? { backend } : {}),
  };
}

/** All cases below a branch. */
export function leavesOf({ leaves, branches }: Branch): readonly Leaf[] {
  return branches.length === 0 ? leaves : [...leaves, ...branches.flatMap(leavesOf)];
}

/** The branch of a path, or the case of a key, with the paths of the branches that it is in. */
export function findInTree(
  tree: readonly Branch[],
  path: string,
): { readonly item: Branch | Leaf; readonly within: readonly string[] } | undefined {
  for (const branch of tree) {
    if (branch.path === path) return { item: branch, within: [] };
    const leaf = branch.leaves.find(({ key }) => key === path);
    if (leaf) return { item: leaf, within: [branch.path] };
    const below = findInTree(branch.branches, path);
    if (below) return { item: below.item, within: [branch.path, ...below.within] };
  }
  return undefined;
}

/**
 * The fewest patterns that select `chosen`, and nothing else of the plan: of a whole branch its
 * pattern, else the ids.
 */
export function patternsFor(
  chosen: readonly PlanEntry[],
  plan: readonly PlanEntry[],
): readonly string[] {
  const wanted = new Set(chosen.map(({ id }) => id));
  const collect = (branch: Branch): readonly string[] => {
    const all = leavesOf(branch);
    const count = all.filter(({ entry }) => wanted.has(entry.id)).length;
    if (count === all.length) return branch.patterns;
    if (count === 0) return [];
    return [
      ...branch.leaves.filter(({ entry }) => wanted.has(entry.id)).map(({ entry }) => entry.id),
      ...branch.branches.flatMap(collect),
    ];
  };
  return suiteTree(plan.filter(({ backend }) => backend === 'webgpu')).flatMap(collect);
}

/** The counts of every branch, by path. */
export function countTree(
  tree: readonly Branch[],
  progress: Progress,
): ReadonlyMap<string, Counts> {
  const counted = new Map<string, Counts>();
  const count = (branch: Branch): Counts => {
    const sum: Partial<Record<CaseState, number>> = {};
    for (const { key } of branch.leaves) {
      const caseState = caseStateOf(key, progress);
      sum[caseState] = (sum[caseState] ?? 0) + 1;
    }
    for (const child of branch.branches) {
      for (const [caseState, below] of Object.entries(count(child)))
        sum[caseState as CaseState] = (sum[caseState as CaseState] ?? 0) + below;
    }
    counted.set(branch.path, sum);
    return sum;
  };
  for (const branch of tree) count(branch);
  return counted;
}

/** Whether a count has something that is wrong. */
export function hasWrong(counts: Counts | undefined): boolean {
  return (
    counts !== undefined && CASE_STATES.some((caseState) => isWrong(caseState) && counts[caseState])
  );
}

/** How a person has arranged the tree. */
export interface TreeState {
  /** Paths of the open branches. */
  readonly open: ReadonlySet<string>;
  /** Path of the branch, or key of the case, whose details are shown. */
  readonly chosen?: string;
}

/** A line of the tree as it is drawn and read out. */
export type Row = {
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  readonly path: string;
  readonly parent: string;
} & ({ readonly branch: Branch; readonly open: boolean } | { readonly leaf: Leaf });

/** The lines of the tree with these branches open; items that are `wrongFirst` come first. */
export function rowsOf(
  tree: readonly Branch[],
  open: ReadonlySet<string>,
  wrongFirst?: (item: Branch | Leaf) => boolean,
): readonly Row[] {
  const rows: Row[] = [];
  const add = (
    branches: readonly Branch[],
    leaves: readonly Leaf[],
    level: number,
    parent: string,
  ) => {
    const siblings = branches.length + leaves.length;
    let position = 0;
    for (const branch of inOrder(branches, wrongFirst)) {
      position++;
      const isOpen = open.has(branch.path);
      rows.push({ level, position, siblings, path: branch.path, parent, branch, open: isOpen });
      if (isOpen) add(branch.branches, branch.leaves, level + 1, branch.path);
    }
    for (const leaf of inOrder(leaves, wrongFirst))
      rows.push({ level, position: ++position, siblings, path: leaf.key, parent, leaf });
  };
  add(tree, [], 1, '');
  return rows;
}

/** What is wrong before the rest; the order among equals stays. */
function inOrder<T extends Branch | Leaf>(
  items: readonly T[],
  wrongFirst: ((item: Branch | Leaf) => boolean) | undefined,
): readonly T[] {
  if (!wrongFirst) return items;
  return [
    ...items.filter((item) => wrongFirst(item)),
    ...items.filter((item) => !wrongFirst(item)),
  ];
}
