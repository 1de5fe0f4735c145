import { Tape } from '../../src/autograd/tape.ts';
import type { Examples } from '../../src/data/examples.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { Model } from '../../src/models/model.ts';
import type { Value, Values } from '../../src/reference/record.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { lossOf, uploadExamples } from '../../src/train/loss.ts';
import { download } from './tensors.ts';

/** What `gradients` has for every parameter. */
export async function gradientsByName(
  t: CaseContext,
  { parameters }: Model,
  gradients: ReadonlyMap<Tensor, Tensor>,
): Promise<Values> {
  const values: Record<string, Value> = {};
  for (const name of parameters.names) {
    const gradient = gradients.get(parameters.view(name));
    t.expect(gradient !== undefined, () => `${name} has no gradient`);
    values[name] = await download(gradient as Tensor);
  }
  return values;
}

/** The gradients of the mean loss of one batch, as a tape gives them. */
export async function batchGradients(
  t: CaseContext,
  model: Model,
  batch: Examples,
): Promise<Values> {
  using scope = new Scope();
  const tape = scope.add(new Tape(t.gpu, model.parameters.views));
  const { loss } = lossOf(tape, model, uploadExamples(t.gpu, batch, scope), true);
  const one = scope.add(Tensor.from(t.gpu, hostTensorFrom('f32', [1], [1])));
  return await gradientsByName(t, model, tape.backward(loss, one));
}
