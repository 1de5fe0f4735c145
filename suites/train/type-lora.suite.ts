import { Tape } from '../../src/autograd/tape.ts';
import type { Examples } from '../../src/data/examples.ts';
import type { Llama } from '../../src/models/llama/llama.ts';
import { llamaRun } from '../../src/reference/llama/run.ts';
import type { Value } from '../../src/reference/record.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { checkConvergence } from '../../src/train/convergence.ts';
import { TextBatches } from '../../src/train/llama/text-batches.ts';
import { expectLosses } from './float64.ts';
import { STEP_LOSS_LIMIT } from './limits.ts';
import { expectAlike } from './llama-types/alike.ts';
import { oneLinearMore } from './llama-types/one-linear-more.ts';
import { FEW_TOKENS, NARROW, tinyLlama, VOCABULARY } from './llama-types/tiny-llama.ts';
import { fallOf, opened, settingsOf, textsOf, typeRun } from './llama-types/type-run.ts';
import { download } from './tensors.ts';

export const typeLora = suite('train.type-lora', {
  description: 'A TinyLlama below adapters: how many numbers they are, what stays, what is learnt',
});

/** Adapters of rank 8 of six linears of four blocks, and the magnitudes that DoRA adds. */
const COUNTS = { lora: 122_880, hqq_dora: 131_072, bnb_dora: 131_072 } as const;

typeLora
  .case('counts')
  .tier('full')
  .timeout(60_000)
  .covers(
    'fsdp.training.lora-convergence/trainable-count',
    'fsdp.training.type-hqq-dora/trainable-count',
    'fsdp.training.type-bnb-dora/trainable-count',
  )
  .desc(
    'Adapters of rank 8 over k, q, v, up, gate and down are 122,880 numbers, with magnitudes 131,072.',
  )
  .control(oneLinearMore.name, oneLinearMore.faults)
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS);
    for (const [type, count] of Object.entries(COUNTS)) {
      using model = await opened(t, tiny, settingsOf(type as keyof typeof COUNTS));
      const { parameters } = model;
      t.expect(parameters.count === count, () => `${type} trains ${parameters.count} numbers`);
    }
  });

async function logitsOf(t: CaseContext, model: Llama): Promise<Value> {
  const data = [1, 5, 2, 30, 7, 7, 39, 0, 11];
  using ids = Tensor.from(t.gpu, hostTensorFrom('i32', [1, data.length], data));
  using tape = new Tape(t.gpu);
  return await download(model.forward(tape, { ids }));
}

typeLora
  .case('first-logits')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.training.lora-convergence/step-0-logits')
  .desc('Before the first step all logits of 32,000 tokens are those of the base, bit by bit.')
  .control('adapters that begin with an update', (fault) =>
    fault.host(
      'nn.drawAdapter',
      (original) => (linear: { outFeatures: number }, r: number, random: Random) => {
        const data = new Float64Array(linear.outFeatures * r).fill(1);
        const lora_B = hostTensorFrom('f32', [linear.outFeatures, r], data);
        return { ...original(linear, r, random), lora_B };
      },
    ),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, VOCABULARY);
    using adapted = await opened(t, tiny, settingsOf('lora'));
    const actual = await logitsOf(t, adapted);
    using base = await opened(t, tiny, settingsOf('full'));
    const expected = await logitsOf(t, base);
    t.expect(new Set(expected.data).size > VOCABULARY, () => 'logits of the base are all alike');
    const other = actual.data.findIndex((x, i) => !Object.is(x, expected.data[i]));
    t.expect(
      other < 0,
      () => `logit ${other} is ${actual.data[other]}, not ${expected.data[other]}`,
    );
  });

const FEW_STEPS = 20;
const RATE = 5e-3;

typeLora
  .case('base')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.training.lora-convergence/base-unchanged')
  .desc('Twenty steps leave every bit of every tensor of the base.')
  .control('norms are trained too', (fault) =>
    fault.host('train.llama.trains', () => () => (name: string) => name.endsWith('norm.weight')),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS);
    const config = settingsOf('lora', { max_steps: FEW_STEPS, learning_rate: RATE });
    const after = new Map<string, HostTensor>();
    const finish = async (model: Llama) => {
      for (const name of tiny.weights.keys())
        after.set(name, await (model.view(name) as Tensor).read());
    };
    const { losses } = await typeRun(t, tiny, { config, texts: textsOf(t, tiny), finish });
    t.expect(losses.at(-1) !== losses[0], () => 'nothing was trained');
    t.expect(after.size === tiny.weights.size, () => `${after.size} tensors are there`);
    for (const [name, before] of tiny.weights) {
      const { data } = after.get(name) as HostTensor;
      const other = before.data.findIndex((x, i) => !Object.is(x, data[i]));
      t.expect(other < 0, () => `${name}[${other}] was ${before.data[other]}, is ${data[other]}`);
    }
  });

typeLora
  .case('first-losses')
  .tier('slow')
  .timeout(240_000)
  .covers('fsdp.training.lora-convergence/first-20-losses')
  .desc(
    'The first 20 losses of a small Llama are those of the run in float64, within 1e-4 of each.',
  )
  .control('twice the factor of the update', (fault) =>
    fault.launch('lora_linear.forward', ([gpu, inputs, params, ...rest]) => [
      gpu,
      inputs,
      { ...params, alpha: 2 * params.alpha },
      ...rest,
    ]),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const config = settingsOf('lora', { max_steps: FEW_STEPS, learning_rate: RATE });
    const texts = textsOf(t, tiny);
    const { losses } = await typeRun(t, tiny, { config, texts });
    const source = new TextBatches(texts, config);
    const batches = Array.from({ length: FEW_STEPS }, () => source.next()[0] as Examples);
    const stacked = (of: (batch: Examples) => HostTensor): Value => ({
      shape: [FEW_STEPS, ...of(batches[0] as Examples).shape],
      data: Float64Array.from(batches.flatMap((batch) => [...valuesOf(of(batch))])),
    });
    using start = await opened(t, tiny, config);
    const { losses: truth } = await llamaRun({
      config: tiny.sizes,
      adapter: { r: 8, alpha: 16 },
      trained: valuesOfHosts(await start.parameters.read()),
      frozen: valuesOfHosts(Object.fromEntries(tiny.weights)),
      input_ids: stacked(({ inputs }) => inputs['ids'] as HostTensor),
      labels: stacked(({ labels }) => labels),
      ...{ clip: config.maxGradNorm, schedule: { name: 'constant' } },
      optimizer: { lr: RATE, ...config.optimizer },
    });
    t.expect(losses.length === FEW_STEPS, () => `${losses.length} steps were made`);
    expectLosses(t, losses, [...truth.data], STEP_LOSS_LIMIT);
  });

const MANY_STEPS = 200;
/** Of check_convergence, as the catalog has it. */
const WINDOW = 100;

typeLora
  .case('loss')
  .tier('slow')
  .timeout(300_000)
  .covers(
    'fsdp.training.lora-convergence/loss-drop',
    'fsdp.training.lora-convergence/convergence-check',
  )
  .desc(
    'In 200 steps adapters lower the loss of a language by 0.4, below a head that stays as it was drawn, with a deviation of 0.1; check_convergence with windows of 100 says so too.',
  )
  .control('nothing is updated', (fault) => fault.host('train.llama.frozen', () => () => true))
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const config = settingsOf('lora', { max_steps: MANY_STEPS, learning_rate: RATE });
    const { losses } = await typeRun(t, tiny, { config, texts: textsOf(t, tiny) });
    t.series('loss', losses);
    const fall = fallOf(losses);
    t.metric('fall', fall);
    t.expect(losses.length === MANY_STEPS, () => `${losses.length} steps were made`);
    t.expect(fall >= 0.4, () => `the loss fell by ${fall} of itself`);
    t.expect(checkConvergence(losses, { window: WINDOW }), () => 'the run did not converge');
  });

typeLora
  .case('own-layer')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.training.type-custom-lora/losses-match-lora')
  .desc('At each of 50 steps custom_lora has the loss of lora, within 1e-4.')
  .control('twice the factor of the update', (fault) =>
    fault.host('nn.llama.adapterScale', (original) => (adapter: object) => 2 * original(adapter)),
  )
  .run((t) => expectAlike(t, ['lora', 'custom_lora']));
