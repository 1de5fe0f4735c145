import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { scaledDotProductAttention } from '../../src/ops/attention/scaled_dot_product_attention.ts';
import { attentionSample } from '../../src/reference/attention/scaled_dot_product_attention/samples.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { judgeResults } from '../../src/testing/judge-call.ts';
import { parseShape, suite } from '../../src/testing/suite.ts';

export const sizes = suite('attention.sizes', {
  description:
    'Attention at lengths beside those of tiles, and at widths of heads that models have',
});

sizes
  .case('beside-tiles', {
    sizes: [
      '2x1x3x5',
      '63x64x33x33',
      '65x63x128x64',
      '127x127x80x80',
      '200x65x64x1',
      '1x200x1x128',
    ],
  })
  .tier('full')
  .timeout(120_000)
  .desc(
    'Queries, keys, their columns and those of values: results and gradients of every variant are within their bounds, causal where there are as many queries as keys or more.',
  )
  .control('values that are lost', (fault) =>
    fault.launch('scaled_dot_product_attention.forward', ([gpu, inputs, ...rest]) => [
      gpu,
      { ...inputs, v: Tensor.zeros(gpu, inputs.v.shape) },
      ...rest,
    ]),
  )
  .run(async (t) => {
    const [queries, keys, width, columns] = parseShape(t.params.sizes) as [
      ...[number, number, number, number],
    ];
    const sample = attentionSample({
      q: [1, 1, queries, width],
      k: [1, 1, keys, width],
      v: [1, 1, keys, columns],
      params: { causal: queries >= keys },
    });
    const { signature: op, variants } = scaledDotProductAttention;
    const backend = new WebGpuBackend(t.gpu);
    t.gpu.memory.guarded = true;
    for (const [variant, { needs = [] }] of Object.entries(variants)) {
      if (!needs.every((feature) => t.gpu.features.has(feature))) continue;
      const random = t.random();
      const { params, level } = sample;
      const { q, k, v } = sample.inputs(random);
      const call = { op, variant, level, params, inputs: { q, k, v } };
      judgeResults(t, call, await backend.run(call));
      const wants = ['q', 'k', 'v'];
      const back = { ...call, grads: sample.grads?.(random) ?? {}, wants };
      judgeResults(t, back, await backend.run(back));
    }
  });
