import type { Gpu } from '../../gpu/gpu.ts';
import { median } from '../../report/median.ts';
import { needsOf } from '../../sheet/needs.ts';
import { DEFAULT_SETUP } from '../../sheet/setup.ts';
import { drawnCall } from '../drawn.ts';
import { BLOCK } from '../steps/shapes.ts';
import type { LlamaStep } from '../work.ts';
import { product } from '../works/four-bit.ts';
import { prepareOp } from './op.ts';

/** Warm runs of the product that are timed. */
const RUNS = 5;

/**
 * Milliseconds that a step should take by the rule of the model sheet: its work from shapes, at the
 * speed of a 4-bit product of its size, which is timed here.
 */
export async function predictedStepMs(gpu: Gpu, step: LlamaStep): Promise<number> {
  const { batch, tokens, width: hidden, heads, rank, ...sizes } = step;
  const features = [hidden, step.intermediate] as const;
  const work = product({ rows: batch * tokens, features, blocksize: BLOCK });
  using runnable = await prepareOp(gpu, drawnCall(work), 'eager');
  const timed = async () => {
    const started = performance.now();
    await runnable.once();
    await gpu.finish();
    return performance.now() - started;
  };
  await timed();
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) times.push(await timed());
  const { flopsOfExample } = needsOf(
    {
      ...{ ...sizes, family: 'llama', hidden, heads, kvHeads: heads, headDim: hidden / heads },
      ...{ tied: false, context: tokens },
    },
    { ...DEFAULT_SETUP, rank, context: tokens, checkpointing: false },
  );
  return (batch * flopsOfExample * median(times)) / work.flops;
}
