import { Tape } from '../../src/autograd/tape.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { Application } from '../../src/graph/call.ts';
import type { ByteModel } from '../../src/models/byte-model/byte-model.ts';
import type { Value } from '../../src/reference/record.ts';
import { recordOf } from '../../src/reference/registry.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import { type HostTensor, hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

/**
 * The loss of each of `count` bytes of a text, spread evenly over those that a whole context comes
 * before, in float64: by the ops' records, from the weights that the model has now.
 */
export async function byteLosses(
  gpu: Gpu,
  model: ByteModel,
  text: Uint8Array,
  count: number,
): Promise<Float64Array> {
  const { context } = model.config;
  const available = text.length - context;
  const places = Array.from(
    { length: count },
    (_, i) => context + Math.floor((i * available) / count),
  );
  const ids = places.flatMap((place) => [...text.subarray(place - context, place)]);
  const labels = places.map((place) => text[place] as number);
  // One context shows the ops in their order, each with the weights that it takes.
  const calls: Application<Tensor>[] = [];
  using tape = new Tape(gpu, [], { trace: calls });
  using first = Tensor.from(gpu, hostTensorFrom('i32', [1, context], ids.slice(0, context)));
  model.forward(tape, { ids: first });
  let x: Value = { shape: [count, context], data: Float64Array.from(ids) };
  for (const { op, params, inputs } of calls) {
    const input = 'ids' in inputs ? 'ids' : 'x';
    const weights: Record<string, HostTensor> = {};
    for (const [name, tensor] of Object.entries(inputs))
      if (name !== input) weights[name] = await tensor.read();
    const { y } = recordOf(op.name).forward({ ...valuesOfHosts(weights), [input]: x }, params);
    const { data } = y as Value;
    x = { shape: [count, data.length / count], data };
  }
  const asked = { logits: x, labels: { shape: [count], data: Float64Array.from(labels) } };
  const { loss } = recordOf('cross_entropy').forward(asked, { reduction: 'none' });
  return (loss as Value).data;
}
