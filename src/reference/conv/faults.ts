import { PRODUCT_FAULTS } from '../matmul/faults.ts';
import type { RecordFault } from '../record.ts';

/** Where every channel has a kernel of its own, all variants run its kernels. */
const DEPTHWISE = {
  shader: {
    file: 'conv/depthwise',
    from: 'sum + line_0 * weights_0',
    to: 'sum - line_0 * weights_0',
  },
};

/** Faults of convolutions, both ways: of products, and of what some shapes have in their place. */
export const CONVOLUTION_FAULTS: readonly RecordFault[] = PRODUCT_FAULTS.map((fault) => ({
  ...fault,
  also: [DEPTHWISE],
}));
