import { splitText } from '../../src/data/text.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { drawAdapter, drawBase } from '../../src/models/byte-model/weights.ts';
import { type HostTensor, valuesOf } from '../../src/tensor/host.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { STEPS_REVERSED, trainAndJudge } from '../../src/testing/training.ts';
import { withSetting } from '../../src/testing/with-setting.ts';
import { DEFAULT_TRAINING } from '../../src/train/config.ts';
import { Fingerprints } from '../../src/train/fingerprints.ts';
import { forecastBytes } from '../../src/train/forecast.ts';
import { HELDOUT_BATCH, Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { alongGradient } from './along-gradient.ts';
import { batchesWeighAlike } from './batches-weigh-alike.ts';
import { byteLosses } from './byte-losses.ts';
import { STEP_LOSS_LIMIT } from './limits.ts';
import { ALPHABET, SMALL } from './small.ts';
import { inventedLanguage, uniformText } from './texts.ts';

export const byteModelSuite = suite('train.byte-model', {
  description: 'QLoRA of the byte-level language model: whole training steps and runs',
});

const smallText = (seed: number) => uniformText(seed, 8192, ALPHABET);

function smallTrainer(gpu: Gpu, seed: number, options?: TrainerOptions, config = SMALL): Trainer {
  const text = splitText(smallText(seed), config.heldoutFraction);
  return new Trainer(gpu, text, { ...config, seed }, options);
}

/**
 * How far below the entropy a mean surprise of `count` random bytes may lie, in nats, but for one
 * seed in a thousand million. The product of all (probability of the next byte * ALPHABET) has
 * expectation 1, whatever predicts, so that by Markov's inequality it exceeds 10^9 no more often;
 * its logarithm is count * (entropy - mean surprise).
 */
function chanceGain(count: number): number {
  return Math.log(1e9) / count;
}

byteModelSuite
  .case('initial-weights')
  .desc(
    'Base and adapters are drawn one number after another from their streams: the embedding normal, weights uniform with their gains, A uniform, B zero.',
  )
  .control('fan-out for fan-in', (fault) =>
    fault.host(
      'nn.drawAdapter',
      (original) =>
        ({ name, inFeatures, outFeatures }, r, random) =>
          original({ name, inFeatures: outFeatures, outFeatures: inFeatures }, r, random),
    ),
  )
  .run(async (t) => {
    const { vocab, embedding, context, hidden, hiddenGain, headGain, r } = SMALL.model;
    const widths = [embedding * context, ...hidden, vocab];
    const base = t.random(1);
    const adapters = t.random(2);
    const expectDrawn = (name: string, tensor: HostTensor, shape: Shape, draw: () => number) => {
      const data = Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(draw()));
      t.expectEqual(name, { shape: tensor.shape, data: valuesOf(tensor) }, { shape, data });
    };
    const drawn = drawBase(SMALL.model, t.random(1));
    expectDrawn('embedding', drawn.embedding, [vocab, embedding], () => base.normal());
    t.expect(drawn.weights.length === 3, () => `there are ${drawn.weights.length} weights`);
    const stream = t.random(2);
    for (const [i, weight] of drawn.weights.entries()) {
      const [inFeatures, outFeatures] = widths.slice(i) as [number, number];
      const size = (i < 2 ? hiddenGain : headGain) * Math.sqrt(3 / inFeatures);
      expectDrawn(
        `weight ${i}`,
        weight,
        [outFeatures, inFeatures],
        () => -size + 2 * size * base.uniform(),
      );
      const { lora_A, lora_B } = drawAdapter({ name: '', inFeatures, outFeatures }, r, stream);
      const reach = 1 / Math.sqrt(inFeatures);
      expectDrawn('lora_A', lora_A, [r, inFeatures], () => -reach + 2 * reach * adapters.uniform());
      expectDrawn('lora_B', lora_B, [outFeatures, r], () => 0);
    }
  });

byteModelSuite
  .case('judged-steps')
  .timeout(60_000)
  .desc(
    "The base in 4 bits and three steps of the small model: every op, forward and backward, and the update of AdamW, from the GPU's own inputs within its bound.",
  )
  .control('gradients of twice the alpha', (fault) =>
    fault.launch('lora_linear.backward', ([gpu, context, variant]) => [
      gpu,
      { ...context, params: { ...context.params, alpha: 2 * context.params.alpha } },
      variant,
    ]),
  )
  .run(async (t) => {
    using trainer = smallTrainer(t.gpu, t.seed);
    let shown = 0;
    await trainer.judgedBase(async (applications) => {
      shown += applications.length;
      await judgeApplications(t, 0, applications);
    });
    t.expect(shown === 3, () => `${shown} quantized layers were shown, and there are 3`);
    // From the second step on, lora_B is not zero, and every gradient shows.
    for (let step = 1; step <= 3; step++) {
      await trainer.judgedStep(
        async (applications) => void (await judgeApplications(t, step, applications)),
      );
    }
  });

byteModelSuite
  .case('whole-gradient')
  .tier('full')
  .desc(
    'After five steps, the norm of the gradient that the tape computed equals the slope of the loss along it, by central differences of the whole model in float64.',
  )
  .control('slope of SiLU without its second part', (fault) =>
    fault.shader('nn/silu_backward', '(1.0 + value * rest)', '(1.0 + rest)'),
  )
  .run(async (t) => {
    using trainer = smallTrainer(t.gpu, t.seed);
    for (let step = 0; step < 5; step++) await trainer.step();
    let found: { readonly norm: number; readonly slope: number } | undefined;
    await trainer.judgedStep(async (applications) => {
      // The passes come first: once the optimizer is shown, the parameters are others.
      found ??= await alongGradient(applications);
    });
    const { norm, slope } = found ?? { norm: 0, slope: 1 };
    t.metric('norm', norm);
    // The limit of a training run's gradient norms in float32 compute.
    t.expect(
      Math.abs(norm - slope) <= 1e-4 * slope + 1e-6,
      () => `the gradient's norm is ${norm} and the loss rises by ${slope} along it`,
    );
  });

byteModelSuite
  .case('learns-alphabet', { steps: [40] })
  .timeout(60_000)
  .desc(
    'A text of 8 bytes in random order: the held-out loss must fall below ln 16, a uniform guess among twice as many, and that of the frozen run must not.',
  )
  .control(STEPS_REVERSED.name, STEPS_REVERSED.faults)
  .run(async (t) => {
    const config = { ...SMALL, optimizer: { ...SMALL.optimizer, lr: 1e-2 } };
    const level = Math.log(2 * ALPHABET);
    using trainer = smallTrainer(t.gpu, t.seed, { frozen: false }, config);
    using frozen = smallTrainer(t.gpu, t.seed, { frozen: true }, config);
    for (let step = 0; step < config.steps; step++) await trainer.step();
    for (let step = 0; step < config.frozenSteps; step++) await frozen.step();
    const after = await trainer.heldoutLoss();
    const control = await frozen.heldoutLoss();
    t.metric('heldoutAfter', after);
    t.metric('heldoutFrozen', control);
    t.series('loss', await trainer.losses(0));
    t.expect(after < level, () => `the held-out loss is ${after} and should be below ${level}`);
    const least = Math.log(ALPHABET) - chanceGain(trainer.heldoutCount);
    t.expect(
      after > least,
      () =>
        `the held-out loss of ${after} is below ${least}: random bytes cannot be guessed so well`,
    );
    t.expect(
      control > level,
      () => `the frozen run reaches ${control}, and learning was to be shown by ${level}`,
    );
  });

/** Held-out bytes of the second batch, which is smaller. */
const REST = 8;
/** What ends the held-out text: a byte that training never sees. */
const UNSEEN = 0;

byteModelSuite
  .case('held-out-mean')
  .tier('full')
  .desc(
    'The loss of 520 held-out bytes, asked about in batches of 512 and 8, is their mean in float64. The last bytes are unlike all others, so that a mean of two batches that weigh alike is ten limits away.',
  )
  .control('batches weigh alike', batchesWeighAlike)
  .run(async (t) => {
    const config = {
      ...SMALL,
      seed: t.seed,
      model: { ...SMALL.model, hidden: [16, 16] },
      optimizer: { ...SMALL.optimizer, lr: 1e-2 },
      heldoutBytes: HELDOUT_BATCH + REST,
    };
    const text = splitText(smallText(t.seed).fill(UNSEEN, -2 * REST), config.heldoutFraction);
    using trainer = new Trainer(t.gpu, text, config);
    for (let step = 0; step < 10; step++) await trainer.step();
    const losses = await byteLosses(t.gpu, trainer.model, text.heldout, config.heldoutBytes);
    const truth = meanOf(losses);
    const limit = STEP_LOSS_LIMIT * truth;
    const batches = [losses.slice(0, HELDOUT_BATCH), losses.slice(HELDOUT_BATCH)];
    const alike = meanOf(batches.map(meanOf));
    t.expect(
      Math.abs(alike - truth) >= 10 * limit,
      () => `the means of the batches alone would give ${alike}, and ${truth} is right`,
    );
    const loss = await trainer.heldoutLoss();
    t.metric('heldoutLoss', loss);
    t.expect(
      trainer.heldoutCount === losses.length && Math.abs(loss - truth) <= limit,
      () => `the mean loss of ${trainer.heldoutCount} bytes is ${loss}, and should be ${truth}`,
    );
  });

const meanOf = (numbers: ArrayLike<number>): number =>
  Array.from(numbers).reduce((sum, x) => sum + x, 0) / numbers.length;

byteModelSuite
  .case('seeded')
  .desc(
    'Two trainers of one seed have the same parameters after five steps, bit by bit, and a third of another seed has not.',
  )
  .control('batches that depend on what was drawn before', (fault) =>
    fault.host('data.random_batch', (original) => {
      let calls = 0;
      return (text, size, context, random) => {
        for (let i = 0; i < calls; i++) random.word();
        calls += 1;
        return original(text, size, context, random);
      };
    }),
  )
  .run(async (t) => {
    const parametersAfter = async (seed: number) => {
      using trainer = smallTrainer(t.gpu, seed);
      for (let step = 0; step < 5; step++) await trainer.step();
      const { data, shape } = await trainer.model.parameters.data.read();
      return { shape, data: Float64Array.from(data) };
    };
    const first = await parametersAfter(t.seed);
    t.expectEqual('parameters', await parametersAfter(t.seed), first);
    const other = await parametersAfter(t.seed + 1);
    t.expect(
      other.data.some((x, i) => x !== first.data[i]),
      () => 'another seed gives the same parameters',
    );
  });

byteModelSuite
  .case('one-submit')
  .desc(
    'Ten steps are ten submits: forward, backward and update of a step go to the device together.',
  )
  .control('submit before every linear', (fault) =>
    fault.launch('lora_linear.forward', (args) => {
      args[0].submit();
      return args;
    }),
  )
  .run(async (t) => {
    using trainer = smallTrainer(t.gpu, t.seed);
    const before = t.gpu.recorder.submits;
    for (let step = 0; step < 10; step++) await trainer.step();
    const submits = t.gpu.recorder.submits - before;
    t.expect(submits === 10, () => `10 steps took ${submits} submits`);
  });

byteModelSuite
  .case('memory-forecast')
  .tier('full')
  .desc(
    'The peak of live device memory over training steps and a held-out loss stays within what was forecast from shapes.',
  )
  .control('half the forecast', (fault) =>
    fault.host(
      'train.forecast',
      (original) =>
        (...args) =>
          original(...args) / 2,
    ),
  )
  .run(async (t) => {
    // Once the held-out loss needs most, once the step, once a captured step and one that is
    // judged; and that the parts of the loss are as many as on a chip changes no answer.
    for (const [heldoutBytes, capture, loss] of [
      [SMALL.heldoutBytes, false, 'parts'],
      [SMALL.heldoutBytes, false, 'neighbours'],
      [8, false, 'parts'],
      [8, true, 'parts'],
    ] as const) {
      const config = { ...SMALL, heldoutBytes, capture };
      const before = t.gpu.memory.ledger.liveBytes;
      t.gpu.memory.resetPeak();
      using fingerprints = new Fingerprints(t.gpu);
      using trainer = smallTrainer(t.gpu, t.seed, { fingerprints }, config);
      const rows = [{ variant: loss, ops: ['cross_entropy'] }];
      await withSetting(t.gpu, 'tuned', rows, async () => {
        await trainer.step();
        if (capture) await trainer.capture();
        for (let step = 2; step <= config.lossEvery; step++) await trainer.step();
        await trainer.heldoutLoss();
        if (capture) await trainer.judgedStep(async () => undefined);
      });
      const peak = t.gpu.memory.ledger.peakBytes - before;
      const forecast = forecastBytes(config, trainer.heldoutCount, HELDOUT_BATCH);
      t.metric(`peakBytes-${heldoutBytes}-${capture}-${loss}`, peak);
      t.metric(`forecastBytes-${heldoutBytes}-${capture}-${loss}`, forecast);
      t.expect(
        peak <= forecast,
        () => `${peak} bytes were live at the peak and ${forecast} were forecast`,
      );
    }
  });

for (const autocast of ['float16', 'bfloat16'] as const) {
  byteModelSuite
    .case('mixed-precision', { autocast: [autocast] })
    .tier('full')
    .timeout(60_000)
    .desc(
      'The small model with its products in halves and a scaled loss: every op of the first and the last of 40 steps is within its bound, those between are replayed, the held-out loss falls below ln 16, and memory stays within what was forecast.',
    )
    .control('gradients that stay scaled', (fault) =>
      fault.shader('optim/amp_unscale', ' / scale[0]', ' * (scale[0] / scale[0])'),
    )
    .run(async (t) => {
      const config = {
        ...SMALL,
        optimizer: { ...SMALL.optimizer, lr: 1e-2 },
        capture: true,
        autocast,
        grad_scaler: { init_scale: 1024 },
      };
      const before = t.gpu.memory.ledger.liveBytes;
      t.gpu.memory.resetPeak();
      using fingerprints = new Fingerprints(t.gpu);
      using trainer = smallTrainer(t.gpu, t.seed, { fingerprints }, config);
      const judged = (step: number) =>
        trainer.judgedStep(
          async (applications) => void (await judgeApplications(t, step, applications)),
        );
      await judged(1);
      await trainer.capture();
      for (let step = 2; step < config.steps; step++) {
        await trainer.step();
        if (step % config.lossEvery === 0) await fingerprints.read();
      }
      await judged(config.steps);
      const after = await trainer.heldoutLoss();
      const level = Math.log(2 * ALPHABET);
      t.metric('heldoutAfter', after);
      t.expect(
        after < level,
        () => `the held-out loss is ${after} and should be below ${level}`,
        'not-learnt',
      );
      const peak = t.gpu.memory.ledger.peakBytes - before;
      const forecast = forecastBytes(config, trainer.heldoutCount, HELDOUT_BATCH);
      t.metric('peakBytes', peak);
      t.metric('forecastBytes', forecast);
      t.expect(
        peak <= forecast,
        () => `${peak} bytes were live at the peak and ${forecast} were forecast`,
      );
    });
}

byteModelSuite
  .case('default-run')
  .tier('slow')
  .timeout(600_000)
  .desc(
    'The whole fine-tuning run with its defaults on 40 KiB of an invented language, judged as the main job is.',
  )
  .control(STEPS_REVERSED.name, STEPS_REVERSED.faults)
  .run((t) =>
    trainAndJudge(t, inventedLanguage(t.seed, 40 * 1024), { ...DEFAULT_TRAINING, seed: t.seed }),
  );
