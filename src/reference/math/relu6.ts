import { relu6 as signature } from '../../vocabulary/math/relu6.ts';
import { unaryRecord } from './unary.ts';

/** torch.nn.functional.relu6. */
export const record = unaryRecord(signature, {
  summary: 'y = x between 0 and 6',
  f: (x) => Math.min(Math.max(x, 0), 6),
  derivative: (x) => Number(x > 0 && x < 6),
  corners: [0, -0, 6, 5.9999995, 6.0000005, -6, 3, -3, 1e30, -1e30, 1e-30, -1e-30, 7],
  params: [{}],
  faults: [
    {
      name: 'no upper bound',
      shader: { file: 'math/relu6', from: 'clip(x, 0.0, 6.0)', to: 'clip(x, 0.5, 5.0)' },
    },
    {
      name: 'the gradient of negative numbers passes',
      direction: 'backward',
      shader: { file: 'math/relu6_backward', from: 'x > vec4f()', to: 'x < vec4f()' },
    },
  ],
});
