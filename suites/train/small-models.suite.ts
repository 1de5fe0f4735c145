import { capture } from '../../src/autograd/capture.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import { type Application, mapped } from '../../src/graph/call.ts';
import { run } from '../../src/graph/run.ts';
import { backward } from '../../src/reference/backward.ts';
import type { Value } from '../../src/reference/record.ts';
import { referenceRunner } from '../../src/reference/runner.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { GRADIENT_LIMIT } from './limits.ts';
import {
  chosen,
  distilled,
  focal,
  messages,
  routed,
  tags,
  triplet,
} from './small-models/choices.ts';
import { contrastive, likelihood, recurrent, standardized } from './small-models/dense.ts';
import { applyOn, type SmallModel } from './small-models/model.ts';
import { perceived, restored, temporal } from './small-models/sequences.ts';

export const smallModels = suite('train.small-models', {
  description:
    'Small models written op by op, as in torch: every call judged, gradients held against those of the same calls in float64, and those of captured steps',
});

const MODELS = {
  likelihood,
  contrastive,
  recurrent,
  standardized,
  chosen,
  focal,
  distilled,
  messages,
  triplet,
  tags,
  routed,
  restored,
  temporal,
  perceived,
} satisfies Record<string, SmallModel>;

async function download(tensor: Tensor): Promise<Value> {
  return { shape: tensor.shape, data: valuesOf(await tensor.read()) };
}

/** Loss and gradients of a model, eager, in float64, and replayed. */
async function learn(t: CaseContext, model: SmallModel): Promise<void> {
  using scope = new Scope();
  const trained = model.trained(t.random(1));
  const hosts = { ...trained, ...model.given(t.random(2)) };
  const tensors = scope.addAll(mapped(hosts, (host) => Tensor.from(t.gpu, host)));
  const watched = mapped(trained, (_, name) => tensors[name] as Tensor);
  const seed = scope.add(Tensor.from(t.gpu, hostTensorFrom('f32', [1], [1])));

  const trace: Application<Tensor>[] = [];
  const recorder = new GraphBuilder<Tensor>(tensors);
  using tape = new Tape(t.gpu, Object.values(watched), { trace, recorder });
  const loss = model.loss(applyOn(tape), tensors);
  const gradients = tape.backward(loss, seed);
  await judgeApplications(t, 1, trace);

  const graph = recorder.build({ loss });
  const values = await run(graph, referenceRunner, valuesOfHosts(hosts));
  const flows = backward(
    graph,
    values,
    new Map([[graph.outputs['loss'] as number, { shape: [1], data: Float64Array.of(1) }]]),
    referenceRunner,
  );
  const step = scope.add(
    await capture(t.gpu, () => {
      using again = new Tape(t.gpu, Object.values(watched));
      const found = again.backward(model.loss(applyOn(again), tensors), seed);
      return mapped(watched, (tensor) => (found.get(tensor) as Tensor).clone());
    }),
  );
  for (let replay = 0; replay < 2; replay++) step.run();
  for (const [name, tensor] of Object.entries(watched)) {
    const actual = await download(gradients.get(tensor) as Tensor);
    const truth = flows.get(graph.inputs[name] as number) as Value;
    const largest = Math.max(...truth.data.map(Math.abs));
    const bound = truth.data.map(() => GRADIENT_LIMIT * largest);
    t.expectAccepted(`gradient of ${name}`, actual, truth, { kind: 'within', bound });
    // Not the same bits: a compiler may simplify across the functions of one kernel, as Mesa's makes
    // one power of a root of a power.
    const replayed = await download(step.outputs[name] as Tensor);
    t.expectAccepted(`replayed, of ${name}`, replayed, truth, { kind: 'within', bound });
  }
}

for (const [name, model] of Object.entries(MODELS)) {
  smallModels
    .case(name)
    .tier('full')
    .desc(model.description)
    .control(model.control.name, model.control.faults)
    .run((t) => learn(t, model));
}
