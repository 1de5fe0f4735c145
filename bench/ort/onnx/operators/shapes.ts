import type { HostTensor } from '../../../../src/tensor/host.ts';
import { embedding } from '../../../../src/vocabulary/nn/embedding.ts';
import { concat } from '../../../../src/vocabulary/shape/concat.ts';
import { gather } from '../../../../src/vocabulary/shape/gather.ts';
import { pad, paddingOf } from '../../../../src/vocabulary/shape/pad.ts';
import { scatterAdd } from '../../../../src/vocabulary/shape/scatter_add.ts';
import { takeAlongDim } from '../../../../src/vocabulary/shape/take_along_dim.ts';
import { transpose } from '../../../../src/vocabulary/shape/transpose.ts';
import { ONE_SETTING, operator } from '../operator.ts';

/** ONNX's names of what lies around a tensor that is padded. */
const PADDING = { constant: 'constant', reflect: 'reflect', replicate: 'edge', circular: 'wrap' };

export const operators = [
  operator(transpose, ({ graph, fed, params: { perm } }) => ({
    y: graph.node('Transpose', [fed('x')], { perm }),
  })),
  operator(concat, ({ graph, fed, tensors, params: { axis } }) => {
    const parts = Object.keys(tensors) as (keyof typeof tensors)[];
    return {
      y: graph.node(
        'Concat',
        parts.map((name) => fed(name)),
        { axis },
      ),
    };
  }),
  operator(gather, ({ graph, fed, params: { axis } }) => ({
    y: graph.node('Gather', [fed('x'), fed('indices')], { axis }),
  })),
  operator(embedding, ({ graph, kept, fed }) => ({
    y: graph.node('Gather', [kept('weight'), fed('ids')], { axis: 0 }),
  })),
  operator(
    takeAlongDim,
    ({ graph, fed, params: { dim } }) => ({
      y: graph.node('GatherElements', [fed('x'), fed('indices')], { axis: dim }),
    }),
    ({ tensors: { x, indices }, params: { dim } }) => {
      const others = ({ shape }: HostTensor) => shape.toSpliced(dim, 1).join();
      return others(x) === others(indices)
        ? ONE_SETTING
        : { reason: 'its GatherElements repeats no operand' };
    },
  ),
  operator(
    scatterAdd,
    ({ graph, fed, params: { dim } }) => ({
      y: graph.node('ScatterElements', [fed('x'), fed('indices'), fed('src')], {
        axis: dim,
        reduction: 'add',
      }),
    }),
    ({ tensors: { indices, src } }) =>
      indices.shape.join() === src.shape.join()
        ? ONE_SETTING
        : { reason: 'its ScatterElements takes as many updates as indices' },
  ),
  operator(
    pad,
    ({ graph, fed, tensors: { x }, params }) => {
      const sides = paddingOf(x.shape.length, params);
      const pads = graph.integers([...sides.map(([n]) => n), ...sides.map(([, n]) => n)]);
      const value = graph.scalar(params.value, x.dtype);
      return { y: graph.node('Pad', [fed('x'), pads, value], { mode: PADDING[params.mode] }) };
    },
    ({ params: { mode, pad: around } }) =>
      (mode === 'reflect' || mode === 'replicate') && around.some((n) => n < 0)
        ? { reason: 'its Pad repeats what a crop leaves, not the whole' }
        : ONE_SETTING,
  ),
];
