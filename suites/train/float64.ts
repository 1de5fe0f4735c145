import { Tape } from '../../src/autograd/tape.ts';
import type { Examples } from '../../src/data/examples.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import type { Model } from '../../src/models/model.ts';
import type { Value, Values } from '../../src/reference/record.ts';
import {
  type TrainingRan,
  type TrainingRun,
  trainingRun,
} from '../../src/reference/training-run.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { lossOf, uploadExamples } from '../../src/train/loss.ts';

/** What the float64 run needs beside model and batches. */
interface Settings extends Pick<TrainingRun, 'optimizer'> {
  readonly shift?: boolean;
}

/**
 * Trains in float64, by the ops' records alone, what `model` computes, from its weights as they are
 * now, on batches of one shape: what a run on the device must come close to.
 */
export async function float64Training(
  gpu: Gpu,
  model: Model,
  batches: readonly Examples[],
  { optimizer, shift = false }: Settings,
): Promise<TrainingRan> {
  using scope = new Scope();
  const batch = uploadExamples(gpu, batches[0] as Examples, scope);
  const { parameters } = model;
  const names = new Map(parameters.names.map((name) => [parameters.view(name), name]));
  const given = { ...batch.inputs, labels: batch.labels };
  const recorder = new GraphBuilder<Tensor>(given, names);
  const tape = scope.add(new Tape(gpu, [], { recorder }));
  const { loss } = lossOf(tape, model, batch, shift);
  const graph = recorder.build({ loss });
  const constants: Record<string, HostTensor> = {};
  for (const [name, tensor] of recorder.constants)
    if (!names.has(tensor)) constants[name] = await tensor.read();
  return await trainingRun({
    graph,
    constants: valuesOfHosts(constants),
    trained: valuesOfHosts(await parameters.read()),
    batches: batches.map((batch) => [valuesOfHosts(valuesIn(batch))]),
    optimizer,
    schedule: { name: 'constant' },
    clip: Number.POSITIVE_INFINITY,
  });
}

function valuesIn({ inputs, labels }: Examples): Record<string, HostTensor> {
  return { ...inputs, labels };
}

/** Asserts that losses agree, each within `relative` of the float64 run's. */
export function expectLosses(
  t: CaseContext,
  losses: readonly number[],
  truth: readonly number[],
  relative: number,
): void {
  t.expectAccepted('losses', curve(losses), curve(truth), {
    kind: 'within',
    bound: Float64Array.from(truth, (loss) => relative * loss),
  });
}

/** Asserts that tensors agree, each within `share` of the largest number of the float64 run's. */
export function expectTensors(t: CaseContext, actual: Values, truth: Values, share: number): void {
  for (const [name, expected] of Object.entries(truth)) {
    const largest = expected.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    t.expectAccepted(name, actual[name] as Value, expected, {
      kind: 'within',
      bound: new Float64Array(expected.data.length).fill(share * largest),
    });
  }
}

function curve(numbers: readonly number[]): Value {
  return { shape: [numbers.length], data: Float64Array.from(numbers) };
}
