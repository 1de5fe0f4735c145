import { record as dropout } from '../../src/reference/nn/dropout.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { countsOf } from '../../src/reference/step/random.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { runMiniTraining } from '../../src/train/mini-training.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { DroppingPerceptron } from './whole-step/dropping-perceptron.ts';
import { PARTS } from './whole-step/parts.ts';
import { batchesOf, STEPS, WEIGHTS } from './whole-step/setting.ts';
import { MLP, P, SETTINGS } from './whole-step/settings.ts';

export const masksSuite = suite('train.masks', {
  description: 'What is dropped in each layer, micro-batch and step of a training',
});

/** A dropout of a run, in the order in which they were made. */
interface Dropped {
  readonly x: Value;
  readonly y: Value;
}

const ANY = { depth: (terms: number) => terms, ieee: false };

/** Every dropout of four steps of three micro-batches. */
async function droppedIn(t: CaseContext, seed: number): Promise<readonly Dropped[]> {
  using model = new DroppingPerceptron(t.gpu, MLP, P, t.random(WEIGHTS));
  using optimizer = new Optimizer(t.gpu, model.parameters, { optimizer: 'sgd', lr: 0.1 });
  const copies: { readonly x: Tensor; readonly y: Tensor }[] = [];
  const batches = batchesOf(SETTINGS.accumulated, t.seed).flat();
  await runMiniTraining(t.gpu, model, batches, optimizer, STEPS, {
    seed,
    accumulation: PARTS,
    watch: ({ op, inputs, outputs, grads }) => {
      const { x } = inputs;
      const { y } = outputs;
      if (op.name === 'dropout' && !grads && x && y) copies.push({ x: x.clone(), y: y.clone() });
    },
  });
  const dropped: Dropped[] = [];
  for (const copy of copies) {
    using x = copy.x;
    using y = copy.y;
    dropped.push(valuesOfHosts({ x: await x.read(), y: await y.read() }));
  }
  return dropped;
}

/** Which elements stay: of each 1 or 0. */
const maskOf = ({ y }: Dropped): string => y.data.map((value) => Number(value !== 0)).join('');

masksSuite
  .case('documented-positions')
  .tier('full')
  .desc(
    'Every dropout of four steps of three micro-batches drops what the generator says at its place: layers, micro-batches and steps draw one behind the other, four numbers a count; no two masks are alike, the same seed gives the same ones and another seed others.',
  )
  .control('micro-batches and steps all draw from the first place', (fault) =>
    fault.host('random_state.next', () => (base) => base),
  )
  .run(async (t) => {
    const dropped = await droppedIn(t, t.seed);
    t.expect(dropped.length === STEPS * PARTS * 2, () => `${dropped.length} dropouts were made`);
    let offset = 0;
    for (const [i, { x, y }] of dropped.entries()) {
      const params = { p: P, seed: t.seed, offset };
      const truth = dropout.forward({ x }, params).y;
      const { y: acceptance } = dropout.acceptance({ x }, { y: truth }, params, ANY);
      t.expectAccepted(`dropout ${i + 1}`, y, truth, acceptance as Acceptance);
      offset += countsOf(x.data.length);
    }
    const masks = dropped.map(maskOf);
    t.expect(new Set(masks).size === masks.length, () => 'two dropouts have one mask');
    const again = (await droppedIn(t, t.seed)).map(maskOf);
    t.expect(again.join() === masks.join(), () => 'the same seed drops others');
    const other = (await droppedIn(t, t.seed + 1)).map(maskOf);
    t.expect(other.join() !== masks.join(), () => 'another seed drops the same');
  });
