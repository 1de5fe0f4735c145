import type { Application } from '../../../graph/call.ts';
import { judge } from '../../../reference/judge.ts';
import { type LayerValue, layerValues } from '../../../reference/llama/layer-values.ts';
import { limitOf } from '../../../reference/llama/limits.ts';
import { stepsOf } from '../../../reference/llama/steps.ts';
import type { Value } from '../../../reference/record.ts';
import { valuesOf } from '../../../tensor/host.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { AssertionError, type CaseContext } from '../../context.ts';
import { judgeApplications } from '../../judge-step.ts';
import type { trainOurs } from './ours.ts';
import type { StartedRun } from './start.ts';

/**
 * Where a run of ours that strays at step `step` begins to, in words: the first op that is out of its
 * bound in that step or the one before, whose update it starts from; where each op is right, the
 * first layer whose result in the first step is not that of the run in float64, so that what is
 * wrong is how ops are put together.
 */
export async function firstDivergence(
  t: CaseContext,
  run: StartedRun,
  step: number,
  train: typeof trainOurs,
): Promise<string> {
  const first: LayerValue[] = [];
  try {
    await train(t.gpu, stepsOf(run, 1, step), async (now, applications) => {
      if (now === 1 && first.length === 0) first.push(...(await valuesIn(applications)));
      if (now === step || now === step - 1) await judgeApplications(t, now, applications);
    });
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    return `the first op out of its bound is that of ${error.message}`;
  }
  const found = firstOther(first, await layerValues(run));
  return found
    ? `each op is right, and step 1, layer ${found.layer}, ${found.op} is the first whose result is not that of the run in float64: what goes into it is wrong`
    : `each op of ${step > 1 ? `steps ${step - 1} and ${step}` : 'step 1'} is right, and each layer of step 1`;
}

/** The first of ours, in its order, that is another than the layer of its name and op. */
function firstOther(
  ours: readonly LayerValue[],
  truth: readonly LayerValue[],
): LayerValue | undefined {
  return ours.find(({ layer, op, value }) => {
    const same = truth.find((one) => one.layer === layer && one.op === op);
    if (!same || same.value.data.length !== value.data.length) return false;
    const actual = { shape: same.value.shape, data: headsLast(value).data };
    return !judge(actual, same.value, limitOf(layer, same.value)).ok;
  });
}

/** [B, H, S, D] as [B, S, H * D], which the run in float64 has; other values as they are. */
function headsLast(value: Value): Value {
  const [batch = 0, heads = 0, length = 0, width = 0] = value.shape;
  if (value.shape.length !== 4) return value;
  const data = value.data.map((_, i) => {
    const d = i % width;
    const head = Math.floor(i / width) % heads;
    const place = Math.floor(i / (width * heads)) % length;
    const text = Math.floor(i / (width * heads * length));
    return value.data[((text * heads + head) * length + place) * width + d] as number;
  });
  return { shape: [batch, length, heads * width], data };
}

async function valuesIn(
  applications: readonly Application<Tensor>[],
): Promise<readonly LayerValue[]> {
  const values: LayerValue[] = [];
  for (const { layer, op, outputs, grads } of applications) {
    const [tensor] = Object.values(outputs);
    if (grads || !tensor) continue;
    const host = await tensor.read();
    values.push({ layer, op: op.name, value: { shape: host.shape, data: valuesOf(host) } });
  }
  return values;
}
