import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { type Call, mapped } from '../../graph/call.ts';
import { matmul } from '../../ops/matmul/matmul.ts';
import { softmax } from '../../ops/nn/softmax.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { completed, type InputsOf } from '../../vocabulary/signature.ts';
import { causalMask } from '../causal-mask.ts';
import { GRADIENT, type OnDevice } from './on-device.ts';

/** The setting in which attention is two products with a softmax between them, by ops of ours. */
export const BY_PRODUCTS = 'products and softmax';

/** Prepares attention of q, k and v with as many heads each, without a mask of its own. */
export function attentionByProducts(gpu: Gpu, call: Call<HostTensor>): OnDevice {
  using scope = new Scope();
  const upload = (host: HostTensor) => scope.add(Tensor.from(gpu, host));
  const inputs = mapped(call.inputs, upload) as InputsOf<typeof scaledDotProductAttention, Tensor>;
  const { q, k, v } = inputs;
  const { y: dy } = mapped(call.grads ?? {}, upload);
  const [queries, width] = q.shape.slice(-2) as [number, number];
  const { causal, scale } = completed(scaledDotProductAttention, call.params);
  const ofScores = { transpose_b: true, alpha: scale ?? 1 / Math.sqrt(width) };
  const bias = causal ? upload(causalMask(queries, k.shape.at(-2) as number)) : undefined;
  const wants = new Set(['a', 'b']);
  const record = () => {
    using held = new Scope();
    const scored = { a: q, b: k, ...(bias && { bias }) };
    const scores = held.addAll(matmul.forward(gpu, scored, ofScores));
    const weights = held.addAll(softmax.forward(gpu, { x: scores.y }, {}));
    const summed = { a: weights.y, b: v };
    const outputs = matmul.forward(gpu, summed, {});
    if (!dy) return outputs;
    const ofSum = { inputs: summed, outputs, grads: { y: dy }, params: {}, wants };
    const { a: dWeights, b: dv } = matmul.backward(gpu, ofSum) as { a: Tensor; b: Tensor };
    held.add(dWeights);
    const { x: dScores } = softmax.backward(gpu, {
      ...{ inputs: { x: scores.y }, outputs: weights, params: {} },
      ...{ grads: { y: dWeights }, wants: new Set(['x']) },
    }) as { x: Tensor };
    held.add(dScores);
    const { a: dq, b: dk } = matmul.backward(gpu, {
      ...{ inputs: scored, outputs: scores, params: ofScores, grads: { y: dScores }, wants },
    }) as { a: Tensor; b: Tensor };
    const gradients = Object.entries({ q: dq, k: dk, v: dv });
    return {
      ...outputs,
      ...Object.fromEntries(gradients.map(([name, x]) => [`${GRADIENT}${name}`, x])),
    };
  };
  return { record, owned: scope.move() };
}
