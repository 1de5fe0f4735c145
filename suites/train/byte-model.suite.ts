import { splitText } from '../../src/data/text.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { STEPS_REVERSED, trainAndJudge } from '../../src/testing/training.ts';
import { DEFAULT_TRAINING } from '../../src/train/config.ts';
import { forecastBytes } from '../../src/train/forecast.ts';
import { HELDOUT_BATCH, Trainer } from '../../src/train/trainer.ts';
import { alongGradient } from './along-gradient.ts';
import { ALPHABET, SMALL } from './small.ts';
import { inventedLanguage, uniformText } from './texts.ts';

export const byteModelSuite = suite('train.byte-model', {
  description: 'QLoRA of the byte-level language model: whole training steps and runs',
});

function smallTrainer(gpu: Gpu, seed: number, options?: { readonly frozen: boolean }, config = SMALL): Trainer {
  const text = splitText(uniformText(seed, 8192, ALPHABET), config.heldoutFraction);
  return new Trainer(gpu, text, { ...config, seed }, options);
}

byteModelSuite
  .case('judged-steps')
  .timeout(60_000)
  .desc(
    "Three steps of the small model: every op, forward and backward, and the update of AdamW, from the GPU's own inputs within its bound.",
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
    // From the second step on, lora_B is not zero, and every gradient shows.
    for (let step = 1; step <= 3; step++) {
      await trainer.judgedStep(async (applications) => void (await judgeApplications(t, step, applications)));
    }
  });

byteModelSuite
  .case('whole-gradient')
  .desc(
    'After five steps, the norm of the gradient that the tape computed equals the slope of the loss along it, by central differences of the whole model in float64.',
  )
  .control('slope of SiLU without its second part', (fault) => fault.shader('nn/silu_backward', '(1.0 + value * rest)', '(1.0 + rest)'))
  .run(async (t) => {
    using trainer = smallTrainer(t.gpu, t.seed);
    for (let step = 0; step < 5; step++) trainer.step();
    let found: { readonly norm: number; readonly slope: number } | undefined;
    await trainer.judgedStep(async (applications) => {
      // The passes come first: once the optimizer is shown, the parameters are others.
      found ??= await alongGradient(applications);
    });
    const { norm, slope } = found ?? { norm: 0, slope: 1 };
    t.metric('norm', norm);
    // The limit of a training run's gradient norms in float32 compute.
    t.expect(Math.abs(norm - slope) <= 1e-4 * slope + 1e-6, () => `the gradient's norm is ${norm} and the loss rises by ${slope} along it`);
  });

byteModelSuite
  .case('learns-alphabet', { steps: [40] })
  .timeout(60_000)
  .desc(
    'A text of 8 bytes in random order: the held-out loss must fall below ln 16, a uniform guess among twice as many, and that of the frozen run must not.',
  )
  .control(STEPS_REVERSED.name, STEPS_REVERSED.inject)
  .run(async (t) => {
    const config = { ...SMALL, optimizer: { ...SMALL.optimizer, lr: 1e-2 } };
    const level = Math.log(2 * ALPHABET);
    using trainer = smallTrainer(t.gpu, t.seed, { frozen: false }, config);
    using frozen = smallTrainer(t.gpu, t.seed, { frozen: true }, config);
    for (let step = 0; step < config.steps; step++) trainer.step();
    for (let step = 0; step < config.frozenSteps; step++) frozen.step();
    const [after, control] = [await trainer.heldoutLoss(), await frozen.heldoutLoss()];
    t.metric('heldoutAfter', after);
    t.metric('heldoutFrozen', control);
    t.series('loss', await trainer.losses(0));
    t.expect(after < level, () => `the held-out loss is ${after} and should be below ${level}`);
    // Nothing can do better on random bytes than their entropy.
    t.expect(after > Math.log(ALPHABET) - 0.05, () => `the held-out loss of ${after} is below the entropy of the text`);
    t.expect(control > level, () => `the frozen run reaches ${control}, and learning was to be shown by ${level}`);
  });

byteModelSuite
  .case('seeded')
  .desc('Two trainers of one seed have the same parameters after five steps, bit by bit, and a third of another seed has not.')
  .control('batches that depend on what was drawn before', (fault) => {
    let calls = 0;
    fault.host('data.random_batch', (original) => (text, size, context, random) => {
      for (let i = 0; i < calls; i++) random.word();
      calls += 1;
      return original(text, size, context, random);
    });
  })
  .run(async (t) => {
    const parametersAfter = async (seed: number) => {
      using trainer = smallTrainer(t.gpu, seed);
      for (let step = 0; step < 5; step++) trainer.step();
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
  .desc('Ten steps are ten submits: forward, backward and update of a step go to the device together.')
  .control('submit before every linear', (fault) =>
    fault.launch('lora_linear.forward', (args) => {
      args[0].submit();
      return args;
    }),
  )
  .run(async (t) => {
    using trainer = smallTrainer(t.gpu, t.seed);
    const before = t.gpu.recorder.submits;
    for (let step = 0; step < 10; step++) trainer.step();
    const submits = t.gpu.recorder.submits - before;
    t.expect(submits === 10, () => `10 steps took ${submits} submits`);
  });

byteModelSuite
  .case('memory-forecast')
  .desc(
    'The peak of live device memory over training steps and a held-out loss stays within what was forecast from shapes, and near to it.',
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
    const before = t.gpu.memory.ledger.liveBytes;
    t.gpu.memory.resetPeak();
    using trainer = smallTrainer(t.gpu, t.seed);
    for (let step = 0; step < 3; step++) trainer.step();
    await trainer.heldoutLoss();
    const peak = t.gpu.memory.ledger.peakBytes - before;
    const forecast = forecastBytes(SMALL, trainer.heldoutCount, HELDOUT_BATCH);
    t.metric('peakBytes', peak);
    t.metric('forecastBytes', forecast);
    t.expect(peak <= 1.1 * forecast, () => `${peak} bytes were live at the peak and ${forecast} were forecast`);
    t.expect(peak >= 0.7 * forecast, () => `only ${peak} bytes were live at the peak and ${forecast} were forecast`);
  });

byteModelSuite
  .case('default-run')
  .tier('full')
  .timeout(600_000)
  .desc('The whole fine-tuning run with its defaults on 40 KiB of an invented language, judged as the main job is.')
  .control(STEPS_REVERSED.name, STEPS_REVERSED.inject)
  .run((t) => trainAndJudge(t, inventedLanguage(t.seed, 40 * 1024), { ...DEFAULT_TRAINING, seed: t.seed }));
