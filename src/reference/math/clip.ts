import { clip as signature } from '../../vocabulary/math/clip.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { unaryRecord } from './unary.ts';

/** The bounds as the kernel gets them: rounded to float32. */
function boundsOf({
  min = Number.NEGATIVE_INFINITY,
  max = Number.POSITIVE_INFINITY,
}: ParamsOf<typeof signature>) {
  return { low: Math.fround(min), high: Math.fround(max) };
}

/** torch.clamp. */
export const record = unaryRecord(signature, {
  summary: 'y = x between two bounds; the upper one where they cross',
  f: (x, params) => {
    const { low, high } = boundsOf(params);
    return Math.min(Math.max(x, low), high);
  },
  integers: {
    f: (x, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }) =>
      Math.min(Math.max(x, min), max),
    params: { min: -7, max: 16777216 },
  },
  derivative: (x, params) => {
    const { low, high } = boundsOf(params);
    return Number(x > low && x < high);
  },
  corners: [
    0, -0, -1.5, 2.25, 2.2500002, 2.2499998, -1.5000001, -1.4999999, 1e30, -1e30, 3.4e38, -3.4e38,
    5,
  ],
  params: [
    { min: -1.5, max: 2.25 },
    { max: 2.25 },
    { min: -1.5 },
    { min: 2, max: -1 },
    { min: -0.3, max: 0.1 },
    {},
  ],
  faults: [
    {
      name: 'no bound of integers',
      integers: true,
      shader: { file: 'math/integer_clip', from: 'min(max(', to: 'max(max(' },
    },
    {
      name: 'the other bound',
      integers: false,
      shader: { file: 'math/clip', from: 'raised, vec4f(high)', to: 'raised + 1.0, vec4f(low)' },
    },
    {
      name: 'the gradient of what is outside passes',
      direction: 'backward',
      shader: { file: 'math/clip_backward', from: 'vec4f(), dy,', to: 'dy, vec4f(),' },
    },
  ],
  plausibleBugs: [
    { name: 'no lower bound', apply: (inputs, { max }) => ({ inputs, params: { max } }) },
    { name: 'no upper bound', apply: (inputs, { min }) => ({ inputs, params: { min } }) },
    {
      name: 'upper bound wrong by 2e-5',
      apply: (inputs, { min, max }) => ({ inputs, params: { min, max: max && max * (1 + 2e-5) } }),
    },
    {
      name: 'lower bound wrong by 2e-5',
      apply: (inputs, { min, max }) => ({ inputs, params: { min: min && min * (1 + 2e-5), max } }),
    },
  ],
});
