import { constantsOf, llamaGraph } from '../../src/reference/llama/model.ts';
import type { Value } from '../../src/reference/record.ts';
import { referenceRunner } from '../../src/reference/runner.ts';
import { gradientsOf } from '../../src/reference/step/gradients.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { collated } from '../../src/train/llama/text-batches.ts';
import { batchGradients } from './batch-gradients.ts';
import { expectTensors } from './float64.ts';
import { GRADIENT_LIMIT } from './limits.ts';
import { largestOf } from './llama-types/largest-of.ts';
import { MovedWeights } from './llama-types/moved-weights.ts';
import {
  FEW_TOKENS,
  NARROW,
  type TinyLlama,
  tinyLlama,
  VOCABULARY,
} from './llama-types/tiny-llama.ts';
import { fallOf, opened, settingsOf, textsOf, typeRun } from './llama-types/type-run.ts';

export const typeFull = suite('train.type-full', {
  description:
    'A TinyLlama that is trained whole: its gradients, one step, and up to two hundred of a small Llama',
});

/** Numbers and tensors of the model. */
const COUNT = 19_007_744;
const TENSORS = 39;

typeFull
  .case('every-tensor')
  .tier('full')
  .timeout(180_000)
  .covers('fsdp.training.type-full/all-trainable', 'fsdp.training.type-full/every-tensor-changes')
  .desc('All 19,007,744 numbers of 39 tensors are trained, and one step changes every tensor.')
  .control('norms are frozen', (fault) =>
    fault.host(
      'train.llama.trains',
      (original) =>
        (...args) =>
        (name: string) =>
          original(...args)(name) && !name.endsWith('norm.weight'),
    ),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, VOCABULARY);
    const config = settingsOf('full', { max_steps: 1, learning_rate: 1e-3 });
    const { trainable, trained } = await typeRun(t, tiny, { config, texts: textsOf(t, tiny) });
    t.expect(trainable === COUNT, () => `${trainable} numbers are trained`);
    const names = Object.keys(trained);
    t.expect(names.length === TENSORS, () => `${names.length} tensors are trained`);
    const still = names.filter((name) => {
      const before = tiny.weights.get(name)?.data;
      return trained[name]?.data.every((x, i) => x === before?.[i]);
    });
    t.expect(still.length === 0, () => `${still.join(', ')} stay as they are`);
  });

const halfATarget = {
  name: 'targets count by half',
  faults: (fault: FaultDeclaration) =>
    fault.shader(
      'nn/cross_entropy_backward',
      'stat.z * (p - onehot)',
      'stat.z * (p - 0.5 * onehot)',
    ),
};

/** The model's gradients of one text, and what the oracle needs to say the same. */
async function gradientsOfText(t: CaseContext, tiny: TinyLlama) {
  const batch = collated(textsOf(t, tiny, 1));
  using model = await opened(t, tiny, settingsOf('full'));
  const actual = await batchGradients(t, model, batch);
  const given = valuesOfHosts({ ...batch.inputs, labels: batch.labels }) as {
    readonly ids: Value;
    readonly labels: Value;
  };
  const weights = valuesOfHosts(Object.fromEntries(tiny.weights));
  const described = { config: tiny.sizes, weights, batch: given.ids.shape };
  const network = {
    graph: llamaGraph(described),
    constants: constantsOf(described),
    shift: true,
  };
  return { actual, weights, network, given };
}

typeFull
  .case('reference-gradients')
  .tier('full')
  .timeout(240_000)
  .covers('fsdp.training.type-full/reference-gradients')
  .desc(
    'The gradient of each of the 39 tensors, tables of 32,000 tokens among them, is that of float64 within 1e-4 of its largest number.',
  )
  .control(halfATarget.name, halfATarget.faults)
  .run(async (t) => {
    const tiny = tinyLlama(t, VOCABULARY);
    const { actual, weights, network, given } = await gradientsOfText(t, tiny);
    const start = { scale: 1, position: 0 };
    const { gradients } = await gradientsOf(network, weights, [given], start, referenceRunner);
    const names = Object.keys(gradients);
    t.expect(names.length === TENSORS, () => `there are ${names.length} gradients`);
    expectTensors(t, actual, gradients, GRADIENT_LIMIT);
  });

/** Entries of each tensor that are moved. */
const MOVED = 16;
/** The catalog's, of each slope. */
const OF_SLOPE = 1e-4;
/**
 * By how much, of the deviation of a tensor from 0: what a difference leaves out is a share of the
 * square of it, and its rounding grows as it shrinks.
 */
const STEP = 2e-3;

typeFull
  .case('finite-differences')
  .tier('slow')
  .timeout(600_000)
  .covers('fsdp.training.type-full/finite-differences')
  .desc(
    'The 16 largest numbers of the gradient of each of the 39 tensors are the slopes of the loss of float64 along them, by central differences, within 1e-4 of each.',
  )
  .control(halfATarget.name, halfATarget.faults)
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS);
    const { actual, weights, network, given } = await gradientsOfText(t, tiny);
    const around = await MovedWeights.of(network.graph, {
      ...{ ...network.constants, ...given },
      ...weights,
    });
    const names = Object.keys(actual);
    t.expect(names.length === TENSORS, () => `there are ${names.length} gradients`);
    for (const name of names) {
      const { data } = weights[name] as Value;
      const step = STEP * Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
      const gradient = actual[name] as Value;
      const places = largestOf(gradient, MOVED);
      const slopes = Float64Array.from(places, (at) => around.slope(name, at, step));
      const shape = [MOVED];
      const found = Float64Array.from(places, (at) => gradient.data[at] as number);
      const bound = slopes.map((slope) => OF_SLOPE * Math.abs(slope));
      t.expectAccepted(
        `differences along ${name}`,
        { shape, data: found },
        { shape, data: slopes },
        {
          ...{ kind: 'within', bound },
        },
      );
    }
  });

const STEPS = 200;

typeFull
  .case('loss')
  .tier('slow')
  .timeout(300_000)
  .covers('fsdp.training.type-full/loss-drop')
  .desc('Two hundred steps are enough to halve the loss of a language that a small Llama learns.')
  .control('steps of the wrong sign', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [
      { ...hyperparameters, lr: -hyperparameters.lr },
      step,
    ]),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const config = settingsOf('full', { max_steps: STEPS, learning_rate: 5e-3 });
    const until = (losses: readonly number[]) => fallOf(losses) >= 0.5;
    const { losses } = await typeRun(t, tiny, { config, texts: textsOf(t, tiny), until });
    t.series('loss', losses);
    t.expect(losses.length <= STEPS, () => `${losses.length} steps were made`);
    const fall = fallOf(losses);
    t.metric('fall', fall);
    t.expect(fall >= 0.5, () => `the loss fell by ${fall} of itself`);
  });
