import { scaledDotProductAttention } from '../../src/ops/attention/scaled_dot_product_attention.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const memory = suite('attention.memory', {
  description: 'How the memory that attention takes grows with the number of tokens',
});

const HEADS = 2;
const WIDTH = 4;

/** The most bytes that were live in a pass forward and back over so many tokens. */
async function peakOf(t: CaseContext, tokens: number, variant: string): Promise<number> {
  const { gpu } = t;
  const zeros = () => Tensor.zeros(gpu, [1, HEADS, tokens, WIDTH]);
  using q = zeros();
  using k = zeros();
  using v = zeros();
  using dy = zeros();
  const inputs = { q, k, v };
  const before = gpu.memory.ledger.liveBytes;
  gpu.memory.resetPeak();
  const outputs = scaledDotProductAttention.forward(gpu, inputs, { causal: true }, variant);
  const gradients = scaledDotProductAttention.backward(gpu, {
    ...{ inputs, outputs, grads: { y: dy }, params: { causal: true }, variant },
    wants: new Set(['q', 'k', 'v']),
  });
  const { peakBytes } = gpu.memory.ledger;
  for (const tensor of [...Object.values(outputs), ...Object.values(gradients)])
    tensor?.[Symbol.dispose]();
  await gpu.finish();
  return peakBytes - before;
}

memory
  .case('linear')
  .tier('full')
  .desc('Twice the tokens take twice the memory: no tensor holds a score of each query and key.')
  .control('a mask of all queries and keys, made on the way', (fault) =>
    fault.launch('scaled_dot_product_attention.forward', ([gpu, inputs, ...rest]) => {
      const tokens = inputs.q.shape[2] as number;
      const mask = Tensor.zeros(gpu, [tokens, tokens]);
      return [gpu, { ...inputs, mask }, ...rest];
    }),
  )
  .run(async (t) => {
    const scores = HEADS * 256 * 256 * 4;
    for (const [variant, { needs = [] }] of Object.entries(scaledDotProductAttention.variants)) {
      if (!needs.every((feature) => t.gpu.features.has(feature))) continue;
      const few = await peakOf(t, 128, variant);
      const many = await peakOf(t, 256, variant);
      t.expect(many === 2 * few, () => `${variant}: ${few} bytes for 128 tokens, ${many} for 256`);
      t.expect(many < scores, () => `${variant}: ${many} bytes; all scores take ${scores}`);
    }
  });
