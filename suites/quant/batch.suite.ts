import { ternaryQuantize } from '../../src/ops/quant/ternary_quantize.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor, type Tensors } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { value } from './values.ts';

export const batch = suite('quant.batch', {
  description: 'Several tensors quantized in one submission',
});

/** Five tensors of 50 x 50, each of its own size of weights. */
function fiveTensors(t: CaseContext): Tensor[] {
  return Array.from({ length: 5 }, (_, i) => {
    const random = t.random(i);
    const data = random.fill(2500, () => random.normal(0.1 * (i + 1)));
    return Tensor.from(t.gpu, hostTensorFrom('f32', [50, 50], data));
  });
}

function dispose(tensors: Iterable<Tensor>): void {
  for (const tensor of tensors) tensor[Symbol.dispose]();
}

/** Every output of a quantization by name, as the device holds it. */
async function readAll(t: CaseContext, outputs: Tensors) {
  const entries = Object.entries(outputs).map(
    async ([name, tensor]) => [name, value(await tensor.read())] as const,
  );
  t.expect(entries.length === 5, () => `a quantization has ${entries.length} outputs`);
  return new Map(await Promise.all(entries));
}

batch
  .case('one-submission')
  .covers('triton.quantization.batch-quantization/equals-separate-runs')
  .desc(
    'Five tensors quantized in one submission: every output has the bits of five separate runs.',
  )
  .control('the third of five takes the weight of the second', (fault) =>
    fault.host('ternary_quantize.forward', (original) => {
      const weights: unknown[] = [];
      return (gpu, { weight }, ...rest) => {
        weights.push(weight);
        return original(gpu, { weight: weights.length === 3 ? weights[1] : weight }, ...rest);
      };
    }),
  )
  .run(async (t) => {
    const weights = fiveTensors(t);
    t.gpu.submit();
    const before = t.gpu.recorder.submits;
    const together = weights.map((weight) => ternaryQuantize.forward(t.gpu, { weight }, {}));
    t.gpu.submit();
    const submits = t.gpu.recorder.submits - before;
    t.expect(submits === 1, () => `five tensors took ${submits} submissions`);
    for (const [i, weight] of weights.entries()) {
      const alone = ternaryQuantize.forward(t.gpu, { weight }, {});
      t.gpu.submit();
      const expected = await readAll(t, alone);
      for (const [name, actual] of await readAll(t, together[i] as Tensors)) {
        const other = expected.get(name);
        if (other) t.expectEqual(`${name} of tensor ${i}`, actual, other);
      }
      dispose(Object.values<Tensor>(alone));
    }
    dispose([...weights, ...together.flatMap((outputs) => Object.values<Tensor>(outputs))]);
  });

batch
  .case('dispatches')
  .covers('triton.quantization.batch-quantization/dispatch-count')
  .desc(
    'The recorder counts the dispatches of a submission: five tensors take five times those of one, as many as there are kernels.',
  )
  .control('every tensor quantized twice', (fault) =>
    fault.host('ternary_quantize.forward', (original) => (...args) => {
      dispose(Object.values<Tensor>(original(...args)));
      return original(...args);
    }),
  )
  .run(async (t) => {
    const weights = fiveTensors(t);
    const { recorder } = t.gpu;
    const before = recorder.dispatches;
    const outputs = weights.flatMap((weight) =>
      Object.values<Tensor>(ternaryQuantize.forward(t.gpu, { weight }, {})),
    );
    t.gpu.submit();
    const dispatches = recorder.dispatches - before;
    t.metric('dispatches', dispatches);
    // Two means of two kernels each, trits, bytes, and weights again.
    t.expect(dispatches === 5 * 7, () => `five tensors took ${dispatches} dispatches`);
    dispose([...weights, ...outputs]);
  });
