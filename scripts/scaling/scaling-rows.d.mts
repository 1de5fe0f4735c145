/** A run of the work by some workers: lines of its log, and what it was to take. Bytes. */
interface ScalingRun {
  readonly workers: number;
  readonly forecast: number;
  readonly steps: readonly Readonly<Record<string, number>>[];
}

interface ScalingRow {
  readonly workers: number;
  readonly ms: number;
  readonly efficiency: number;
  readonly forecast: number;
  readonly peak: number;
}

export function scalingRows(runs: readonly ScalingRun[]): readonly ScalingRow[];
export function scalingLines(rows: readonly ScalingRow[], cores: number): readonly string[];
