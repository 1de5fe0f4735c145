import type { Examples } from '../../src/data/examples.ts';
import type { ValueId } from '../../src/graph/graph.ts';
import { run } from '../../src/graph/run.ts';
import { constantsOf, llamaGraph } from '../../src/reference/llama/model.ts';
import type { Value, Values } from '../../src/reference/record.ts';
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
import { FEW_TOKENS, type TinyLlama, tinyLlama, VOCABULARY } from './llama-types/tiny-llama.ts';
import { fallOf, opened, settingsOf, textsOf, typeRun } from './llama-types/type-run.ts';

export const typeFull = suite('train.type-full', {
  description: 'A TinyLlama that is trained whole: its gradients, one step and two hundred',
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

/** The model's gradients of one batch, and what the oracle needs to say the same. */
async function gradientsOfBatch(t: CaseContext, tiny: TinyLlama, texts: number) {
  const batch = collated(textsOf(t, tiny, texts)) as Examples;
  using model = await opened(t, tiny, settingsOf('full'));
  const actual = await batchGradients(t, model, batch);
  const { ids, labels } = valuesOfHosts({ ...batch.inputs, labels: batch.labels }) as {
    readonly ids: Value;
    readonly labels: Value;
  };
  const weights = valuesOfHosts(Object.fromEntries(tiny.weights));
  const described = { config: tiny.sizes, weights, batch: ids.shape };
  const network = {
    graph: llamaGraph(described),
    constants: constantsOf(described),
    shift: true,
  };
  return { actual, weights, network, given: { ids, labels } };
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
    const { actual, weights, network, given } = await gradientsOfBatch(t, tiny, 1);
    const start = { scale: 1, position: 0 };
    const { gradients } = await gradientsOf(network, weights, [given], start, referenceRunner);
    const names = Object.keys(gradients);
    t.expect(names.length === TENSORS, () => `there are ${names.length} gradients`);
    expectTensors(t, actual, gradients, GRADIENT_LIMIT);
  });

/** Entries of each tensor that are moved, and by how much to either side. */
const LARGEST = 16;
const STEP = 1e-5;

/** The slope of the loss in float64 along one entry of a weight. */
type Slope = (data: Float64Array, at: number) => Promise<number>;

function slopeOf(
  network: { graph: ReturnType<typeof llamaGraph>; constants: Values },
  given: Values,
): Slope {
  const { graph, constants } = network;
  const loss = async () => {
    const values = await run(graph, referenceRunner, { ...constants, ...given });
    return values.get(graph.outputs['loss'] as ValueId)?.data[0] as number;
  };
  return async (data, at) => {
    const before = data[at] as number;
    data[at] = before + STEP;
    const above = await loss();
    data[at] = before - STEP;
    const below = await loss();
    data[at] = before;
    return (above - below) / (2 * STEP);
  };
}

typeFull
  .case('finite-differences')
  .tier('slow')
  .timeout(300_000)
  .covers('fsdp.training.type-full/finite-differences')
  .desc(
    'The 16 largest entries of the gradient of each of the 39 tensors are central differences of the loss in float64, within 1e-4 of the largest.',
  )
  .control(halfATarget.name, halfATarget.faults)
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS);
    const { actual, weights, network, given } = await gradientsOfBatch(t, tiny, 1);
    const slope = slopeOf(network, given);
    const names = Object.keys(actual);
    t.expect(names.length === TENSORS, () => `there are ${names.length} gradients`);
    for (const name of names) {
      const { data } = actual[name] as Value;
      const largest = [...data.keys()]
        .sort((a, b) => Math.abs(data[b] as number) - Math.abs(data[a] as number))
        .slice(0, LARGEST);
      const found = Float64Array.from(largest, (at) => data[at] as number);
      const wanted = new Float64Array(LARGEST);
      for (const [i, at] of largest.entries())
        wanted[i] = await slope((weights[name] as Value).data, at);
      const shape = [LARGEST];
      expectTensors(
        t,
        { [name]: { shape, data: found } },
        { [name]: { shape, data: wanted } },
        GRADIENT_LIMIT,
      );
    }
  });

const STEPS = 200;

typeFull
  .case('loss')
  .tier('slow')
  .timeout(300_000)
  .covers('fsdp.training.type-full/loss-drop')
  .desc('Two hundred steps are enough, and more than enough, to halve the loss of a language.')
  .control('steps of the wrong sign', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [
      { ...hyperparameters, lr: -hyperparameters.lr },
      step,
    ]),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS);
    const config = settingsOf('full', { max_steps: STEPS, learning_rate: 1e-3 });
    const until = (losses: readonly number[]) => fallOf(losses) >= 0.5;
    const { losses } = await typeRun(t, tiny, { config, texts: textsOf(t, tiny), until });
    t.series('loss', losses);
    t.expect(losses.length <= STEPS, () => `${losses.length} steps were made`);
    const fall = fallOf(losses);
    t.metric('fall', fall);
    t.expect(fall >= 0.5, () => `the loss fell by ${fall} of itself`);
  });
