import { type BenchRow, benchRows } from '../../bench/summary.ts';
import type { Report } from '../../report/schema.ts';

/** A work in halves beside the same in float32: what both took in one run. */
export interface HalvesPair {
  readonly inHalves: BenchRow;
  readonly inFloats: BenchRow;
  /** How many times as long ours takes in halves. */
  readonly ratio: number;
}

/**
 * Works in halves with the same in float32, both of the newest run that timed both: no peer is
 * there to compare them by, and times of different runs say nothing of each other.
 */
export function halvesPairs(reports: readonly Report[]): readonly HalvesPair[] {
  const pairs = reports
    .toSorted((a, b) => a.run.startedAt.localeCompare(b.run.startedAt))
    .flatMap(pairsOf);
  return [...new Map(pairs.map((pair) => [pair.inHalves.id, pair])).values()];
}

function pairsOf(report: Report): readonly HalvesPair[] {
  const rows = benchRows(report);
  return rows.flatMap((inHalves) => {
    if (inHalves.group !== 'halves') return [];
    const id = inHalves.id.replace(':f16;', ':f32;');
    const inFloats = rows.find((row) => row.id === id && row !== inHalves);
    const ms = inFloats && oursMs(inFloats);
    const halvesMs = oursMs(inHalves);
    return ms && halvesMs ? [{ inHalves, inFloats, ratio: halvesMs / ms }] : [];
  });
}

const oursMs = ({ results }: BenchRow) => results.get('webgpu')?.timing?.medianMs;
