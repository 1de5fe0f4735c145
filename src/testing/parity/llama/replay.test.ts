import { beforeAll, describe, expect, test } from 'vitest';
import { readTrainLlama } from '../../../formats/parity-bundle/train-llama.ts';
import type { Application } from '../../../graph/call.ts';
import { outputsOf } from '../../../reference/llama/limits.ts';
import { type LlamaRan, type LlamaRun, llamaRun } from '../../../reference/llama/run.ts';
import type { HostFault, Value, Values } from '../../../reference/record.ts';
import type { DType } from '../../../tensor/dtype.ts';
import { hostTensorFrom } from '../../../tensor/host.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { matmul } from '../../../vocabulary/matmul/matmul.ts';
import { CaseContext } from '../../context.ts';
import { ONE_TEXT, recorded, STEPS } from './fixtures/tiny-run.ts';
import { INTERLEAVED, replayRun } from './replay.ts';
import { startOf } from './start.ts';

/** A product of numbers, 2 times 3, that ended in `y`. */
function productOf(y: number, dtype: DType = 'f32'): Application<Tensor> {
  const tensor = (x: number, of: DType = 'f32') => {
    const host = hostTensorFrom(of, [1, 1], [x]);
    return { ...host, read: async () => host } as unknown as Tensor;
  };
  return {
    ...{ layer: 'fc', op: matmul, variant: 'tiled', params: {} },
    ...{ inputs: { a: tensor(2), b: tensor(3) }, outputs: { y: tensor(y, dtype) } },
  };
}

let truth: LlamaRan;
let right: Values;
beforeAll(async () => {
  const bundle = recorded({ losses: { shape: [STEPS], data: new Float64Array(STEPS) } });
  truth = await llamaRun(startOf(readTrainLlama(bundle.params), bundle.tensors.inputs));
  right = outputsOf(truth);
});

/** The curve with its second number multiplied. */
const strayed = ({ shape, data }: Value, factor: number): Value => ({
  shape,
  data: data.with(1, (data[1] as number) * factor),
});

interface Ours {
  /** What ours gives, by default what is right. */
  readonly ran?: Partial<LlamaRan>;
  /** What it computes in each step. */
  readonly computed?: (step: number) => Application<Tensor>;
}

/** Replays a recording with a run of ours that computes this. */
async function replayed(
  bundle: ReturnType<typeof recorded>,
  { ran = {}, computed = () => productOf(6) }: Ours = {},
): Promise<CaseContext> {
  const gpu = { memory: { guarded: false } };
  const t = new CaseContext({ gpu, ieee: false, seed: 1, injects: [] } as never);
  await replayRun(t, bundle, async (on, run: LlamaRun, judge) => {
    expect([on, gpu.memory.guarded]).toEqual([gpu, true]);
    expect(Object.keys(run.trained)).toEqual(Object.keys(truth.final));
    for (let step = 1; step <= STEPS; step++) await judge(step, [computed(step)]);
    return { ...truth, ...ran };
  });
  return t;
}

describe('a run that is trained again', () => {
  test('is held to the run in float64', async () => {
    const { evidence } = await replayed(recorded(right));
    expect(evidence.finding).toBeUndefined();
    const elements = Object.values(right).reduce((sum, { data }) => sum + data.length, 0);
    // All of its outputs, the products of two steps, and how they are stored.
    expect(evidence.assertions).toBe(elements + 2 + 1);
  });

  test('is not judged where the run in float64 has no number', async () => {
    // After one step of such a rate there is none.
    const [first = 0] = truth.losses.data;
    const curve = (...later: readonly number[]) => ({
      shape: [STEPS],
      data: Float64Array.of(first, ...later),
    });
    const lost = recorded({ losses: curve(7, 8) }, { lr: 1e300 });
    const { evidence } = await replayed(lost, { ran: { losses: curve(5, 6) } });
    expect([evidence.finding, evidence.assertions]).toEqual([undefined, 1 + 2 + 1]);
  });

  test('has logits of one text, with a batch of one or without', async () => {
    const bundle = recorded({ losses: right['losses'] as Value }, {}, ONE_TEXT);
    const ran = await llamaRun(startOf(readTrainLlama(bundle.params), bundle.tensors.inputs));
    const { shape, data } = ran.logits_step0;
    const [, ...ofText] = shape;
    expect(shape).toEqual([1, 4, 11]);
    const replay = (recording: Value, logits_step0 = ran.logits_step0) =>
      replayed(recorded({ logits_step0: recording }, {}, ONE_TEXT), {
        ran: { ...ran, logits_step0 },
      });
    for (const own of [shape, ofText]) {
      const { evidence } = await replay({ shape: own, data });
      expect([evidence.finding, evidence.assertions]).toEqual([undefined, data.length + 3]);
    }
    const other = data.with(13, 9);
    const { evidence } = await replay({ shape: ofText, data: other });
    expect(evidence.finding?.message).toContain('logits_step0[1, 2] is 9');
    await expect(replay({ shape: ofText, data }, { shape, data: other })).rejects.toThrow(
      'logits_step0[1, 2] is 9',
    );
    await expect(replay({ shape: [4, 1, 11], data })).rejects.toThrow(
      'out.logits_step0 of shape [4, 1, 11] is none of what this run gives',
    );
  });

  test('is wrong where it strays from the run in float64', async () => {
    const losses = strayed(truth.losses, 1.001);
    const [was, is] = [truth.losses, losses].map(({ data }) => data[1]);
    await expect(replayed(recorded(right), { ran: { losses } })).rejects.toThrow(
      `losses[1] is ${is} and should be ${was}; 1 of 3`,
    );
  });

  test('is right beside a recording on the other side of the truth', async () => {
    // The limit is a relative 1e-4, which each keeps.
    const losses = strayed(truth.losses, 1 - 9e-5);
    const theirs = strayed(truth.losses, 1 + 9e-5);
    const { evidence } = await replayed(recorded({ ...right, losses: theirs }), {
      ran: { losses },
    });
    expect(evidence.finding).toBeUndefined();
  });

  test('is not held to a recording that is out itself, which is the finding', async () => {
    const theirs = strayed(truth.losses, 1.001);
    const { evidence } = await replayed(recorded({ ...right, losses: theirs }));
    const inFile = Math.fround(theirs.data[1] as number);
    expect(evidence.finding).toMatchObject({
      code: 'producer-deviates',
      message: `transformers 5 (cpu): losses[1] is ${inFile}, the run in float64 gives ${truth.losses.data[1]}; 1 of 3 elements differ`,
    });
  });

  test('has every op judged in its first and its last step', async () => {
    const wrongIn = (wrong: number) =>
      replayed(recorded(right), { computed: (step) => productOf(step === wrong ? 7 : 6) });
    await expect(wrongIn(1)).rejects.toThrow('step 1, layer fc, matmul');
    await wrongIn(2);
    await expect(wrongIn(STEPS)).rejects.toThrow('step 3, layer fc, matmul');
  });

  test('stores its products as it is told', async () => {
    await expect(
      replayed(recorded(right), { computed: () => productOf(6, 'bf16') }),
    ).rejects.toThrow('products are stored in bf16, and should be in f32');
    const { losses } = right as { readonly losses: Value };
    const inHalves = recorded({ losses }, { autocast_dtype: 'bfloat16' });
    await expect(replayed(inHalves)).rejects.toThrow(
      'products are stored in f32, and should be in bf16',
    );
  });
});

describe('a recording', () => {
  test('of what is not computed is skipped', async () => {
    await expect(replayed(recorded(right, { mode: 'bnb_llama_pro' }))).rejects.toMatchObject({
      code: 'not-implemented',
      message: 'train_llama of this version does not compute the mode "bnb_llama_pro"',
    });
  });

  test.each([
    ['that the run does not give', 'grad0.none', [3]],
    ['of another shape', 'logits_step0', [2, 5, 12]],
  ])('of an output %s is refused', async (_, name, shape) => {
    const data = new Float64Array(sizeOf(shape));
    await expect(replayed(recorded({ ...right, [name]: { shape, data } }))).rejects.toThrow(
      `train_llama: out.${name} of shape [${shape.join(', ')}] is none of what this run gives`,
    );
  });
});

test('the control of a run rotates other columns, by the same angles', () => {
  const [fault] = INTERLEAVED.faults as readonly HostFault[];
  const broken = fault?.host.wrap((theta: number) => ({ theta, convention: 'halves' }));
  expect(broken?.(500)).toEqual({ theta: 500, convention: 'interleaved' });
});
