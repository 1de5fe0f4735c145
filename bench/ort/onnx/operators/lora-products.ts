import { loraLinear } from '../../../../src/vocabulary/lora/lora_linear.ts';
import { swigluMlp } from '../../../../src/vocabulary/nn/swiglu_mlp.ts';
import type { Graph, ValueName } from '../graph.ts';
import { ONE_SETTING, operator } from '../operator.ts';

/** x times a weight [out, in], transposed where the model is loaded. */
const linear = (graph: Graph, x: ValueName, weight: ValueName): ValueName =>
  graph.node('MatMul', [x, graph.node('Transpose', [weight], { perm: [1, 0] })]);

export const operators = [
  operator(
    loraLinear,
    ({ graph, fed, kept, keptIfThere, params: { alpha, r, use_rslora } }) => {
      const x = fed('x');
      const update = linear(graph, linear(graph, x, kept('lora_A')), kept('lora_B'));
      const scale = graph.scalar(use_rslora ? alpha / Math.sqrt(r) : alpha / r);
      const base = linear(graph, x, kept('weight'));
      const y = graph.node('Add', [base, graph.node('Mul', [update, scale])]);
      const bias = keptIfThere('bias');
      return { y: bias ? graph.node('Add', [y, bias]) : y };
    },
    ({ params: { base, use_dora } }) => {
      if (base !== 'dense') return { reason: `it has no weights in ${base}` };
      return use_dora ? { reason: 'DoRA is not asked of it' } : ONE_SETTING;
    },
  ),
  operator(swigluMlp, ({ graph, fed, kept }) => {
    const x = fed('x');
    const gate = linear(graph, x, kept('gate'));
    const silu = graph.node('Mul', [gate, graph.node('Sigmoid', [gate])]);
    const inner = graph.node('Mul', [silu, linear(graph, x, kept('up'))]);
    return { y: linear(graph, inner, kept('down')) };
  }),
];
