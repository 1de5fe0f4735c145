import type { EngineSetting } from './ours/engine-work.ts';
import type { BenchRow } from './summary.ts';

/** What a training step of ours costs beside its time. */
export interface StepCost {
  readonly id: string;
  readonly eager: HostCost;
  readonly captured: Partial<HostCost>;
  /** The most bytes at once, weights and all. */
  readonly peakBytes: number | undefined;
  /** Bytes that a forward pass leaves for the backward pass. */
  readonly activationBytes: number | undefined;
  /** Those, by those of the same step in float32. */
  readonly activationsOfFloats: number | undefined;
}

/** What the host's own code takes: milliseconds a step, commands a step, microseconds a command. */
interface HostCost {
  readonly ms: number;
  readonly commands: number;
  readonly usPerCommand: number;
}

/** The steps among the rows whose costs on the host were measured. */
export function stepCosts(rows: readonly BenchRow[]): readonly StepCost[] {
  const metricsOf = ({ results }: BenchRow) => results.get('webgpu')?.metrics ?? {};
  const bytes = new Map(rows.map((row) => [row.id, metricsOf(row)['activationBytes']]));
  return rows.flatMap((row) => {
    const { id, group, inFloats } = row;
    const metrics = metricsOf(row);
    const eager = hostCost(metrics, 'eager');
    if ((group !== 'steps' && group !== 'halves') || !isWhole(eager)) return [];
    const activationBytes = metrics['activationBytes'] ?? undefined;
    const inFull = bytes.get(inFloats ?? '');
    return [
      {
        ...{ id, eager, captured: hostCost(metrics, 'captured'), activationBytes },
        peakBytes: metrics['eagerPeakBytes'] ?? undefined,
        activationsOfFloats: activationBytes && inFull ? activationBytes / inFull : undefined,
      },
    ];
  });
}

type Metrics = Readonly<Record<string, number | null>>;

function hostCost(metrics: Metrics, setting: EngineSetting): Partial<HostCost> {
  const names = { ms: 'HostMs', commands: 'Commands', usPerCommand: 'HostUsPerCommand' };
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, metric]) => {
      const value = metrics[`${setting}${metric}`];
      return typeof value === 'number' ? [[name, value]] : [];
    }),
  );
}

const isWhole = (cost: Partial<HostCost>): cost is HostCost =>
  cost.ms !== undefined && cost.commands !== undefined && cost.usPerCommand !== undefined;
