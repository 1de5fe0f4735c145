import { Tape } from '../../src/autograd/tape.ts';
import { gpuErrorIn } from '../../src/gpu/gpu-error.ts';
import { formatShape } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';
import { download, SimpleLayer } from './simple-layer.ts';

export const noRows = suite('errors.no-rows', {
  description: 'A batch of no rows goes through a linear layer, forward and backward',
});

noRows
  .case('forward')
  .covers('triton.errors.zero-sized-tensor/empty-output')
  .desc('[0, 64] through a layer of 128 outputs is [0, 128], and nothing is dispatched.')
  .control('launches of no workgroups are dispatched', (fault) =>
    fault.host('gpu.has_work', () => () => true),
  )
  .run(async (t) => {
    using layer = new SimpleLayer(t);
    using x = Tensor.zeros(t.gpu, [0, 64]);
    using tape = new Tape(t.gpu);
    const before = t.gpu.recorder.dispatches;
    const y = layer.forward(tape, x);
    const dispatches = t.gpu.recorder.dispatches - before;
    t.expect(formatShape(y.shape) === '0x128', () => `the result is ${formatShape(y.shape)}`);
    t.expect((await y.read()).data.length === 0, () => 'the result has elements');
    t.expect(dispatches === 0, () => `${dispatches} dispatches compute nothing`);
  });

noRows
  .case('backward')
  .tier('full')
  .covers('triton.errors.zero-sized-tensor/zero-gradients')
  .desc('The gradients of weight and bias by a batch of no rows are zeros of their shapes.')
  .control('a gradient of one row of ones', (fault) =>
    fault.launch('matmul.backward', ([gpu, context, variant]) => {
      const ones = (cols: number) =>
        Tensor.from(gpu, {
          dtype: 'f32',
          shape: [1, cols],
          data: new Float32Array(cols).fill(1),
        });
      return [
        gpu,
        { ...context, inputs: { ...context.inputs, a: ones(64) }, grads: { y: ones(128) } },
        variant,
      ];
    }),
  )
  .run(async (t) => {
    // Memory starts as NaN, so that a gradient that nothing wrote is no zero.
    t.gpu.memory.guarded = true;
    using layer = new SimpleLayer(t);
    using x = Tensor.zeros(t.gpu, [0, 64]);
    using tape = new Tape(t.gpu, layer.weights);
    const y = layer.forward(tape, x);
    using dy = Tensor.zeros(t.gpu, [0, 128]);
    const gradients = tape.backward(y, dy);
    for (const weight of layer.weights) {
      const zeros = { shape: weight.shape, data: new Float64Array(weight.size) };
      const gradient = gradients.get(weight) as Tensor;
      t.expectEqual(`gradient of ${formatShape(weight.shape)}`, await download(gradient), zeros);
    }
  });

noRows
  .case('no-validation-error')
  .covers('triton.errors.zero-sized-tensor/no-validation-error')
  .desc(
    'WebGPU finds nothing wrong with forward and backward of a batch of no rows: bindings of no bytes, which it refuses, are not made.',
  )
  .control('bindings of as many bytes as the elements have', (fault) =>
    fault.host('tensor.bound_bytes', () => (bytes: number) => bytes),
  )
  .run(async (t) => {
    using layer = new SimpleLayer(t);
    using x = Tensor.zeros(t.gpu, [0, 64]);
    using dy = Tensor.zeros(t.gpu, [0, 128]);
    const error = await gpuErrorIn(t.gpu.device, 'validation', async () => {
      using tape = new Tape(t.gpu, layer.weights);
      tape.backward(layer.forward(tape, x), dy);
      await t.gpu.finish();
    });
    t.expect(error === undefined, () => `WebGPU says: ${error?.message}`);
  });
