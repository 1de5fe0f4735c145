import { FLUSH } from '../bounds.ts';
import type { BinaryTruth } from './binary.ts';

/** Two denormals may be taken for equal, which moves half of the gradient; equals are that anyway. */
const flush = (a: number, b: number, dy: number): number =>
  a !== b && Math.max(Math.abs(a), Math.abs(b)) < FLUSH ? FLUSH + dy / 2 : FLUSH;

interface Extremum {
  readonly symbol: 'maximum' | 'minimum';
  /** What the kernel calls, and `Math` has. */
  readonly pick: 'max' | 'min';
  readonly word: string;
}

/** The larger or the smaller of two numbers; equal ones share the gradient. */
export function extremum({ symbol, pick, word }: Extremum): BinaryTruth {
  const f = (a: number, b: number): number => Math[pick](a, b);
  const share = (a: number, b: number): number => (a === b ? 0.5 : Number(f(a, b) === a));
  return {
    symbol,
    summary: `y = the ${word} of a and b, with broadcasting`,
    fault: {
      shader: { file: `math/${symbol}`, from: `return ${pick}(a, b)`, to: 'return a + b + 0.5' },
    },
    integers: f,
    integerText: `${pick}(pair.a, pair.b)`,
    f,
    computed: (_gpu, a, b) => f(a, b),
    a: {
      derivative: share,
      units: 0,
      flush,
      term: (gpu, a, b, dy) => gpu.mul(dy, share(a, b)),
    },
    b: {
      derivative: (a, b) => share(b, a),
      units: 0,
      flush,
      term: (gpu, a, b, dy) => gpu.mul(dy, share(b, a)),
    },
    isExact: true,
    neutral: pick === 'max' ? -1e30 : 1e30,
    corners: [
      [1, 1],
      [0, -0],
      [-3, -3],
      [2, 3],
      [3, 2],
      [-1e30, 1e30],
      [1.0000001, 1],
      [1, 1.0000001],
      [0, 1e-30],
    ],
  };
}
