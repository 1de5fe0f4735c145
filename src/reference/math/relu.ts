import { relu as signature } from '../../vocabulary/math/relu.ts';
import { unaryRecord } from './unary.ts';

/** torch.nn.functional.relu. */
export const record = unaryRecord(signature, {
  summary: 'y = x, and 0 where x is negative',
  f: (x) => Math.max(x, 0),
  integers: { f: (x) => Math.max(x, 0), params: {} },
  derivative: (x) => Number(x > 0),
  corners: [
    0,
    -0,
    1,
    -1,
    1e30,
    -1e30,
    1e-30,
    -1e-30,
    1e-40,
    -1e-40,
    2 ** -126,
    -(2 ** -126),
    3.4e38,
    -3.4e38,
  ],
  params: [{}],
  faults: [
    {
      name: 'negative integers pass',
      integers: true,
      shader: { file: 'math/integer_clip', from: 'min(max(', to: 'min(min(' },
    },
    {
      name: 'negative numbers pass',
      integers: false,
      shader: { file: 'math/relu', from: 'x < vec4f()', to: 'x > vec4f()' },
    },
    {
      name: 'the gradient of negative numbers passes',
      direction: 'backward',
      shader: { file: 'math/relu_backward', from: 'x > vec4f()', to: 'x < vec4f()' },
    },
  ],
});
