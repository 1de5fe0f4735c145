import { abs as signature } from '../../vocabulary/math/abs.ts';
import { unaryRecord } from './unary.ts';

/** torch.abs. */
export const record = unaryRecord(signature, {
  summary: 'y = |x|',
  f: Math.abs,
  integers: { f: Math.abs, params: {} },
  derivative: Math.sign,
  corners: [
    0, -0, 1, -1, 1e30, -1e30, 1e-30, -1e-30, 1e-40, -1e-40, 1.2e-38, -1.2e-38, 3.4e38, -3.4e38,
  ],
  params: [{}],
  faults: [
    {
      name: 'negative integers',
      integers: true,
      shader: { file: 'math/integer_abs', from: 'abs(x[i])', to: '-abs(x[i])' },
    },
    {
      name: 'negative numbers',
      integers: false,
      shader: { file: 'math/abs_forward', from: 'return abs(x)', to: 'return -abs(x)' },
    },
    {
      name: 'the sign of the slope lost',
      direction: 'backward',
      shader: { file: 'math/abs_backward', from: 'dy * sign(x)', to: '-dy * sign(x)' },
    },
  ],
});
