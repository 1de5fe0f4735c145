import type { CaseResult } from '../../report/schema.ts';

/** How near its bound one case came. */
export interface BoundShare {
  readonly id: string;
  readonly family: string;
  /** Largest error as a share of its bound; above 1 is wrong. */
  readonly share: number;
  readonly status: CaseResult['status'];
  readonly maxAbs: number | null;
}

/** Shares by family of ops, and how many cases lie in each bin of a logarithmic scale. */
export interface AccuracyModel {
  readonly shares: readonly BoundShare[];
  readonly families: readonly {
    readonly name: string;
    readonly counts: readonly number[];
    readonly wrong: readonly BoundShare[];
  }[];
  /** Cases whose every element had to be equal, and is: they have no share. */
  readonly exact: number;
}

/** The scale: from this share (all that is smaller is counted there) to 10 times the bound. */
export const SCALE = { from: 1e-6, to: 10, bins: 70 } as const;

/**
 * What of `results` can be told as a share of a bound. An error where none is allowed is shown at
 * the end of the scale.
 */
export function accuracyModel(results: readonly CaseResult[]): AccuracyModel {
  const judged = results.filter(({ accuracy }) => accuracy !== undefined);
  const shares = judged.flatMap(({ id, suite, status, accuracy }) => {
    const share =
      accuracy?.boundUsed === null ? Number.POSITIVE_INFINITY : (accuracy?.boundUsed ?? 0);
    return share === 0
      ? []
      : [{ id, family: familyOf(suite), share, status, maxAbs: accuracy?.maxAbs ?? null }];
  });
  const names = [...new Set(shares.map(({ family }) => family))].sort();
  return {
    shares: shares.toSorted((a, b) => b.share - a.share),
    exact: judged.length - shares.length,
    families: names.map((name) => {
      const own = shares.filter(({ family }) => family === name);
      const counts = Array<number>(SCALE.bins).fill(0);
      for (const { share } of own) counts[binOf(share)] = (counts[binOf(share)] ?? 0) + 1;
      return { name, counts, wrong: own.filter(({ share }) => share > 1) };
    }),
  };
}

/** The bin of a share. */
export function binOf(share: number): number {
  const position = Math.log(share / SCALE.from) / Math.log(SCALE.to / SCALE.from);
  return Math.min(SCALE.bins - 1, Math.max(0, Math.floor(position * SCALE.bins)));
}

/** "quant" of `ops.quant.quantize_4bit`, "train" of `train.tape`. */
function familyOf(suite: string): string {
  const [first = suite, second] = suite.split('.');
  return first === 'ops' || first === 'parity' ? (second ?? first) : first;
}
