import type { Value } from '../record.ts';
import type { LlamaRun } from './run.ts';

/** The run with `count` of its steps alone, from step `first` on, which counts from 1. */
export function stepsOf<Run extends LlamaRun>(run: Run, first: number, count: number): Run {
  const { grad_accum = 1 } = run;
  const cut = ({ shape: [all = 1, ...batch], data }: Value): Value => {
    const size = data.length / all;
    const begin = (first - 1) * grad_accum;
    const end = Math.min(all, begin + count * grad_accum);
    return { shape: [end - begin, ...batch], data: data.subarray(begin * size, end * size) };
  };
  return { ...run, input_ids: cut(run.input_ids), labels: cut(run.labels) };
}
