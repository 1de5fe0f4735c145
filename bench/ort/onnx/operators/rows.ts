import { groupNorm } from '../../../../src/vocabulary/nn/group_norm.ts';
import { instanceNorm } from '../../../../src/vocabulary/nn/instance_norm.ts';
import { layerNorm } from '../../../../src/vocabulary/nn/layer_norm.ts';
import { logSoftmax } from '../../../../src/vocabulary/nn/log_softmax.ts';
import { rmsNorm } from '../../../../src/vocabulary/nn/rms_norm.ts';
import { softmax } from '../../../../src/vocabulary/nn/softmax.ts';
import { ONE_SETTING, operator } from '../operator.ts';

export const operators = [
  operator(softmax, ({ graph, fed, params: { axis } }) => ({
    y: graph.node('Softmax', [fed('x')], { axis }),
  })),
  operator(
    logSoftmax,
    ({ graph, fed, params: { axis } }) => ({ y: graph.node('LogSoftmax', [fed('x')], { axis }) }),
    () => ONE_SETTING,
    'LogSoftmax',
  ),
  operator(layerNorm, ({ graph, fed, kept, keptIfThere, params: { axis, eps } }) => ({
    y: graph.node('LayerNormalization', [fed('x'), kept('weight'), keptIfThere('bias')], {
      axis,
      epsilon: { float: eps },
    }),
  })),
  operator(rmsNorm, ({ graph, fed, kept, keptIfThere, params: { axis, eps } }) => {
    const attributes = { axis, epsilon: { float: eps } };
    const y = graph.node('SimplifiedLayerNormalization', [fed('x'), kept('weight')], attributes);
    const bias = keptIfThere('bias');
    return { y: bias ? graph.node('Add', [y, bias]) : y };
  }),
  operator(
    instanceNorm,
    ({ graph, fed, kept, params: { eps } }) => ({
      y: graph.node('InstanceNormalization', [fed('x'), kept('weight'), kept('bias')], {
        epsilon: { float: eps },
      }),
    }),
    ({ tensors: { weight, bias } }) =>
      weight && bias ? ONE_SETTING : { reason: 'its InstanceNormalization needs weight and bias' },
  ),
  operator(
    groupNorm,
    ({ graph, fed, kept, params: { eps, num_groups } }) => ({
      y: graph.node('GroupNormalization', [fed('x'), kept('weight'), kept('bias')], {
        epsilon: { float: eps },
        num_groups,
      }),
    }),
    ({ tensors: { weight, bias } }) =>
      weight && bias ? ONE_SETTING : { reason: 'its GroupNormalization needs weight and bias' },
    'GroupNormalization',
  ),
];
