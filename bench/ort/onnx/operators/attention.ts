import { causalMask } from '../../../../src/bench/causal-mask.ts';
import type { HostTensor } from '../../../../src/tensor/host.ts';
import { scaledDotProductAttention } from '../../../../src/vocabulary/attention/scaled_dot_product_attention.ts';
import type { ParamsOf } from '../../../../src/vocabulary/signature.ts';
import { permuted } from '../../../contender/permuted.ts';
import { type Graph, MICROSOFT, type ValueName } from '../graph.ts';
import { operator } from '../operator.ts';

/** Products and softmax as nodes of their own, or as one of ONNX Runtime's. */
const NODES = 'MatMul, Softmax, MatMul';
const FUSED = 'MultiHeadAttention';

/** [B, H, S, D] as [B, S, H, D], or back. */
const HEADS_INSIDE = [0, 2, 1, 3];

type Params = ParamsOf<typeof scaledDotProductAttention>;

/** q times k transposed, softmax with what is added before it, times v. */
function composed(
  graph: Graph,
  { q, k, v }: Readonly<Record<'q' | 'k' | 'v', ValueName>>,
  { scale, softcap, added }: { scale: number; softcap: number | undefined; added: ValueName[] },
): ValueName {
  const keys = graph.node('Transpose', [k], { perm: [0, 1, 3, 2] });
  const scores = graph.node('MatMul', [graph.node('Mul', [q, graph.scalar(scale)]), keys]);
  const capped = softcap === undefined ? scores : capOf(graph, scores, softcap);
  const masked = added.reduce((sum, mask) => graph.node('Add', [sum, mask]), capped);
  return graph.node('MatMul', [graph.node('Softmax', [masked], { axis: -1 }), v]);
}

function capOf(graph: Graph, scores: ValueName, softcap: number): ValueName {
  const cap = graph.scalar(softcap);
  return graph.node('Mul', [graph.node('Tanh', [graph.node('Div', [scores, cap])]), cap]);
}

const scaleOf = ({ scale }: Params, q: HostTensor): number =>
  scale ?? 1 / Math.sqrt(q.shape[3] as number);

export const operators = [
  operator(
    scaledDotProductAttention,
    ({ graph, fed, tensors, params, setting }) => {
      const { q, k, mask } = tensors;
      const { causal, softcap } = params;
      const scale = scaleOf(params, q);
      if (setting === FUSED) {
        const merged = (name: 'q' | 'k' | 'v') => {
          const { dtype, shape, data } = permuted(tensors[name], HEADS_INSIDE);
          const [batch = 0, length = 0, heads = 0, width = 0] = shape;
          return graph.feed(name, { dtype, data, shape: [batch, length, heads * width] });
        };
        const [, heads = 0] = q.shape;
        const operands = [merged('q'), merged('k'), merged('v')];
        const bias = mask ? fed('mask') : undefined;
        const y = graph.node(
          'MultiHeadAttention',
          [...operands, undefined, undefined, bias],
          { num_heads: heads, scale: { float: scale }, unidirectional: causal ? 1 : 0 },
          MICROSOFT,
        );
        const apart = ({ dtype, shape, data }: HostTensor) => {
          const [batch = 0, length = 0, width = 0] = shape;
          return permuted(
            { dtype, data, shape: [batch, length, heads, width / heads] },
            HEADS_INSIDE,
          );
        };
        return { y: { value: y, back: apart } };
      }
      const lengths = [q.shape[2] as number, k.shape[2] as number] as const;
      const added = [
        ...(mask ? [fed('mask')] : []),
        ...(causal ? [graph.constant(causalMask(...lengths))] : []),
      ];
      const operands = { q: fed('q'), k: fed('k'), v: fed('v') };
      return { y: composed(graph, operands, { scale, softcap, added }) };
    },
    ({ tensors: { q, k, v, mask }, params: { softcap, scale } }) => {
      if ([q, k, v].some(({ shape }) => shape.length !== 4))
        return { reason: 'heads that are not apart are not asked of it' };
      if (q.shape[1] !== k.shape[1] || k.shape[1] !== v.shape[1])
        return { reason: 'its MultiHeadAttention has as many heads of keys as of queries' };
      if (mask && mask.dtype !== 'f32') return { reason: 'its masks are added' };
      const isFull = !mask || mask.shape.length === 4;
      // A scale of 0 asks it for its own.
      const isFused = softcap === undefined && scale !== 0 && q.shape[0] === k.shape[0] && isFull;
      return isFused ? [NODES, FUSED] : [NODES];
    },
  ),
];
