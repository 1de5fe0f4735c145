import { CLUSTER_CLASSES, CLUSTER_FEATURES, drawClusters } from '../../src/data/clusters.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import { cast } from '../../src/ops/math/cast.ts';
import { hostTensor } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { Learner, type LearnerConfig } from '../../src/train/learner.ts';

export const precisions = suite('train.precisions', {
  description:
    'The same training in float32 and with products in halves: bytes, bits, and a loss that underflows',
});

const STEPS = 100;
/** A perceptron, which starts the same each time, and who trains it. */
async function learnt<T>(
  t: CaseContext,
  config: Partial<LearnerConfig>,
  body: (learner: Learner) => Promise<T>,
): Promise<T> {
  const sizes = { inFeatures: CLUSTER_FEATURES, hidden: 32, classes: CLUSTER_CLASSES };
  using model = new Mlp(t.gpu, sizes, t.random(1));
  using learner = new Learner(t.gpu, model, {
    ...{ draw: drawClusters, batchSize: 32, seed: t.seed },
    optimizer: { optimizer: 'sgd', lr: 0.5 },
    ...config,
  });
  return await body(learner);
}

/** Bytes of the operands of every product of a step, and of the activation that it gives. */
const productBytes = (t: CaseContext, config: Partial<LearnerConfig>) =>
  learnt(t, config, async (learner) => {
    const bytes = new Map<string, number>();
    await learner.judgedStep(async (applications) => {
      for (const { op, layer, grads, inputs, outputs } of applications) {
        if (op.name !== 'matmul' || grads) continue;
        for (const [name, { bytes: each }] of Object.entries({ ...inputs, ...outputs }))
          bytes.set(`${layer}.${name}`, each);
      }
    });
    return bytes;
  });

precisions
  .case('bytes', { autocast: ['float16', 'bfloat16'] })
  .tier('full')
  .covers('fsdp.training.mixed-precision/half-bytes')
  .desc('Weights and activations of products take half as many bytes in halves, exactly.')
  .control('casts that leave float32', (fault) =>
    fault.host('cast.forward', () => (_gpu, { x }: { x: Tensor }) => ({ y: x.clone() })),
  )
  .run(async (t) => {
    const whole = await productBytes(t, {});
    const halves = await productBytes(t, { autocast: t.params.autocast });
    t.expect(whole.size >= 6, () => `products have ${[...whole.keys()]}`);
    for (const [name, bytes] of whole) {
      const half = halves.get(name);
      t.expect(
        half === bytes / 2,
        () => `${name} takes ${half} bytes in halves, ${bytes} in floats`,
      );
    }
  });

/** Float32 bits around the middles between two bfloat16, of every exponent and both signs. */
function aroundMiddles(): Uint32Array<ArrayBuffer> {
  const bits: number[] = [];
  for (let exponent = 1; exponent <= 254; exponent++)
    for (const [mantissa, rest] of [
      ...[0x00, 0x01, 0x3e, 0x3f, 0x7e, 0x7f].flatMap((high) =>
        [0x0000, 0x0001, 0x7fff, 0x8000, 0x8001, 0xffff].map((low) => [high, low] as const),
      ),
    ])
      for (const sign of [0, 0x8000]) bits.push(((sign | (exponent << 7) | mantissa) << 16) | rest);
  return Uint32Array.from(bits);
}

precisions
  .case('bfloat16')
  .tier('full')
  .covers('fsdp.training.mixed-precision/bf16-rounding')
  .desc(
    'Float32 around the middles of bfloat16 lie in 16 bits each as the nearest of them, ties to even, by arithmetic of integers.',
  )
  .control('ties go up', (fault) =>
    fault.shader('math/cast', '0x7fffu + ((bits >> 16u) & 1u)', '0x8000u'),
  )
  .run(async (t) => {
    const bits = aroundMiddles();
    const given = hostTensor('f32', [bits.length], new Float32Array(bits.buffer));
    using x = Tensor.from(t.gpu, given);
    using y = cast.forward(t.gpu, { x }, { to: 'bfloat16' }).y;
    t.expect(y.bytes === 2 * bits.length, () => `${y.bytes} bytes hold ${bits.length} numbers`);
    const read = (await y.read()).data as Uint16Array;
    const expected = Float64Array.from(bits, (each) => {
      const high = each >>> 16;
      const rest = each & 0xffff;
      return high + Number(rest > 0x8000 || (rest === 0x8000 && high % 2 === 1));
    });
    const shape = [bits.length];
    t.expectEqual('bits', { shape, data: Float64Array.from(read) }, { shape, data: expected });
  });

/** The catalog's, of float32's. */
const LOSS_SHARE = 0.03;

precisions
  .case('loss', { autocast: ['float16', 'bfloat16'] })
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.training.mixed-precision/loss-within-3-percent')
  .desc(
    'After 100 steps the loss on a thousand points is within 3 % of that of the run in float32, which learnt.',
  )
  .control('halves keep one bit of their fraction', (fault) =>
    fault.shader(
      'math/cast',
      'let value = bitcast<f32>(f32_bits(bits));',
      'let value = bitcast<f32>(f32_bits(bits) & 0xffc00000u);',
    ),
  )
  .run(async (t) => {
    const examples = drawClusters(1000, t.random(2));
    const lossOf = (config: Partial<LearnerConfig>) =>
      learnt(t, config, async (learner) => {
        const { loss: first } = await learner.score(examples);
        for (let step = 0; step < STEPS; step++) await learner.step();
        return { first, last: (await learner.score(examples)).loss };
      });
    const { autocast } = t.params;
    const whole = await lossOf({});
    const half = await lossOf({ autocast, ...(autocast === 'float16' ? { grad_scaler: {} } : {}) });
    t.metric('float32', whole.last);
    t.metric('halves', half.last);
    t.expect(whole.last < 0.5 * whole.first, () => `the loss in float32 is ${whole.last}`);
    const apart = Math.abs(half.last - whole.last) / whole.last;
    t.metric('apart', apart);
    t.expect(apart <= LOSS_SHARE, () => `the losses are ${half.last} and ${whole.last}`);
  });

/** So small that gradients lie below the least half, 2^-24, and are stored as 0. */
const UNDERFLOW = 2 ** -30;
/** By what share a loss may fall that is not learnt. */
const STALLED = 0.02;

precisions
  .case('underflow')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.training.mixed-precision/underflow-recovery')
  .desc(
    'A loss so small that its gradients underflow float16 is not learnt, as long as its scale stays; one that doubles at every step brings the run to nine tenths of the fall in float32.',
  )
  .control('scales do not grow', (fault) =>
    fault.shader(
      'optim/amp_update_scale',
      'scale[0] = after.scale;',
      'scale[0] = min(scale[0], after.scale);',
    ),
  )
  .run(async (t) => {
    const examples = drawClusters(1000, t.random(2));
    const fallIn = (config: Partial<LearnerConfig>) =>
      learnt(t, config, async (learner) => {
        const { loss: first } = await learner.score(examples);
        for (let step = 0; step < STEPS; step++) await learner.step();
        return 1 - (await learner.score(examples)).loss / first;
      });
    const inHalves = (growth_interval: number) =>
      fallIn({ autocast: 'float16', grad_scaler: { init_scale: UNDERFLOW, growth_interval } });
    const whole = await fallIn({});
    const still = await inHalves(10 * STEPS);
    const grown = await inHalves(1);
    t.metric('float32', whole);
    t.metric('scaleStays', still);
    t.metric('scaleGrows', grown);
    t.expect(whole >= 0.5, () => `in float32 the loss falls by ${whole}: nothing is learnt`);
    t.expect(still <= STALLED, () => `below float16 the loss falls by ${still}`);
    t.expect(grown >= 0.9 * whole, () => `the loss falls by ${grown}, and by ${whole} in float32`);
  });
