import { Tape } from '../../src/autograd/tape.ts';
import type { LlamaConfig } from '../../src/models/llama/config.ts';
import { initialLlama } from '../../src/models/llama/initial.ts';
import { Llama } from '../../src/models/llama/llama.ts';
import { limitOf } from '../../src/reference/llama/limits.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { TrainingLoop } from '../../src/train/loop/training-loop.ts';
import { lossOf } from '../../src/train/loss.ts';
import { Optimizer } from '../../src/train/optimizer.ts';

export const largeVocabulary = suite('train.large-vocabulary', {
  description: 'A tied head and its loss in chunks of the vocabulary',
});

const SIZES = {
  ...{ hidden: 64, intermediate: 96, layers: 1, heads: 4, kv_heads: 2 },
  ...{ rms_eps: 1e-5, rope_theta: 1e4, tie_word_embeddings: true },
};
const BATCH = 2;

/** Tokens, each a step of its row after the one before, so that there is something to learn. */
function textOf(random: Random, vocab: number, length: number) {
  const steps = random.fill(BATCH, () => random.integer(1, 5));
  const data = Array.from(
    { length: BATCH * length },
    (_, i) => ((i % length) * (steps[Math.floor(i / length)] as number)) % vocab,
  );
  return hostTensorFrom('i32', [BATCH, length], data);
}

const modelOf = (t: CaseContext, config: LlamaConfig & typeof SIZES, vocab: number) =>
  new Llama(t.gpu, config, {
    trained: new Map(initialLlama({ ...config, vocab }, t.random(1), 0.5)),
    frozen: new Map(),
  });

const dropped = 'one-hot targets are dropped';

largeVocabulary
  .case('as-whole')
  .timeout(60_000)
  .desc(
    'Loss and gradients of a small Llama with a tied head in chunks of its 300 tokens are those of whole logits, within the limits of trajectories.',
  )
  .control(dropped, (fault) =>
    fault.shader(
      'nn/linear_cross_entropy_rows',
      'log(sum) + (largest - score)',
      'log(sum) + largest',
    ),
  )
  .run(async (t) => {
    const vocab = 300;
    const text = textOf(t.random(), vocab, 9);
    const passes = async (head_chunk: LlamaConfig['head_chunk'] & {}) => {
      using model = modelOf(t, { ...SIZES, length: 9, head_chunk }, vocab);
      using ids = Tensor.from(t.gpu, text);
      const { parameters } = model;
      using tape = new Tape(t.gpu, parameters.views);
      const { loss, logits } = lossOf(tape, model, { inputs: { ids }, labels: ids }, true);
      t.expect((logits === undefined) === (head_chunk !== 'whole'), () => 'the logits are there');
      using one = Tensor.from(t.gpu, hostTensorFrom('f32', [1], [1]));
      const gradients = tape.backward(loss, one);
      const found: Record<string, Value> = { loss: await valueIn(loss) };
      for (const name of parameters.names)
        found[name] = await valueIn(gradients.get(parameters.view(name)) as Tensor);
      return found;
    };
    const whole = await passes('whole');
    const chunked = await passes(128);
    for (const [name, expected] of Object.entries(whole))
      t.expectAccepted(name, chunked[name] as Value, expected, limitOf(name, expected));
  });

const VOCABULARY = 151_936;
const LENGTH = 256;
const STEPS = 2;

largeVocabulary
  .case('trains')
  .tier('slow')
  .timeout(300_000)
  .desc(
    'Two steps of a Llama with a tied head of 151,936 tokens: the loss falls, and all that the steps hold beside the model, gradients too, is less than the logits of a batch would take.',
  )
  .control('the loss does not know its label', (fault) =>
    fault.shader(
      'nn/cross_entropy_backward',
      'stat.z * (p - onehot)',
      'stat.z * (p - 0.0 * onehot)',
    ),
  )
  .run(async (t) => {
    const { gpu } = t;
    using model = modelOf(t, { ...SIZES, length: LENGTH }, VOCABULARY);
    const { parameters } = model;
    using optimizer = new Optimizer(gpu, parameters, { optimizer: 'sgd', lr: 1 });
    const text = textOf(t.random(), VOCABULARY, LENGTH);
    const batch = { inputs: { ids: text }, labels: text };
    const source = { next: () => [batch], seek: () => undefined };
    using loop = new TrainingLoop(gpu, { model, source, optimizer, shift: true });
    const losses: number[] = [];
    const before = gpu.memory.ledger.liveBytes;
    gpu.memory.resetPeak();
    for (let step = 0; step <= STEPS; step++) {
      await loop.step();
      losses.push(await loop.readLoss());
    }
    t.series('loss', losses);
    const first = losses.at(0) ?? 0;
    const last = losses.at(-1) ?? 0;
    t.expect(last < first, () => `the loss was ${first} and is ${last}`);
    const beside = gpu.memory.ledger.peakBytes - before;
    const logits = 4 * BATCH * LENGTH * VOCABULARY;
    t.metric('bytesBeside', beside);
    t.expect(
      beside < logits,
      () => `a step holds ${beside} bytes, and logits would take ${logits}`,
    );
  });

async function valueIn(tensor: Tensor): Promise<Value> {
  const host = await tensor.read();
  return { shape: host.shape, data: valuesOf(host) };
}
