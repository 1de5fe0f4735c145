import {
  HQQ_WORDS,
  hqqMeta,
  hqqQuantize as signature,
} from '../../vocabulary/quant/hqq_quantize.ts';
import { defineRecord } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import { samples } from './hqq_quantize.samples.ts';
import { acceptanceOf } from './hqq-acceptance.ts';
import { askedOf, ownAnswer } from './hqq-asked.ts';
import { metaAcceptances, withMeta } from './hqq-meta.ts';

/** HQQ's half-quadratic quantization (hqq.core.quantize.Quantizer), and what its codes decode to. */
export const record = defineRecord(signature, {
  summary:
    'codes of groups between their least and largest element, the zeros refined by the half-quadratic solver',
  unsupported: (_inputs, { packing, nbits }) =>
    packing === undefined || packing === HQQ_WORDS[nbits].packing
      ? undefined
      : `packing ${packing} of ${nbits} bits, only ${HQQ_WORDS[nbits].packing}`,
  forward: ({ weight }, params) => withMeta(weight, ownAnswer(weight, params), {}, params),
  forwardFrom: ({ weight }, { dequant, ...actual }, params) => {
    // What is decoded by restored scales or zeros does not tell what the solver came to.
    const isPlain = dequant && hqqMeta(params).length === 0;
    const given = isPlain ? { ...actual, dequant } : actual;
    return withMeta(weight, askedOf(weight, given, params), actual, params);
  },
  acceptance: ({ weight }, asked, params, arithmetic) => ({
    ...acceptanceOf(weight, asked, params, arithmetic),
    ...metaAcceptances(weight, asked, params, arithmetic),
  }),
  samples,
  faults: [
    {
      name: 'codes from the largest down',
      shader: {
        file: 'quant/hqq_encode',
        from: 'whole_bits(code)',
        to: 'whole_bits(sizes.top - code)',
      },
    },
  ],
  plausibleBugs: [
    inputBug('weights wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug('last element dropped', 'weight', (w, i, { data }) => (i === data.length - 1 ? 0 : w)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
    paramsBug('a bit less', (params) => ({ ...params, nbits: params.nbits === 2 ? 1.58 : 2 })),
    paramsBug('the other axis', (params) => ({ ...params, axis: params.axis === 1 ? 0 : 1 })),
    paramsBug('groups of one', (params) => ({ ...params, group_size: 1 })),
    paramsBug('no solver', (params) => ({ ...params, optimize: !params.optimize })),
    paramsBug('zeros rounded, or not', (params) => ({ ...params, round_zero: !params.round_zero })),
    paramsBug('p wrong by 1e-3', (params) => ({ ...params, lp_norm: params.lp_norm * 1.001 })),
    paramsBug('beta wrong by 1e-3', (params) => ({ ...params, beta: params.beta * 1.001 })),
    paramsBug('scales in floats', (params) => ({ ...params, quant_scale: false })),
    paramsBug('zeros in floats', (params) => ({ ...params, quant_zero: false })),
    paramsBug('a pass too many', (params) => ({ ...params, iters: params.iters + 1 })),
  ],
});
