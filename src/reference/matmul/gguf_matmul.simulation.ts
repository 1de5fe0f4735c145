import type { GgufType } from '../../quant/gguf/types.ts';
import { filledTensor, hostTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';
import { ggufMatmul as signature } from '../../vocabulary/matmul/gguf_matmul.ts';
import { EPS } from '../bounds.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { decodedBlocks } from '../quant/gguf-blocks.ts';
import { drawnBlocks } from '../quant/gguf-drawn-blocks.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { sample } from './gguf_matmul.samples.ts';
import { multiply, PRODUCT_ORDER } from './multiply.simulation.ts';
import { flatRows } from './rows.ts';

/** A weight as the kernels decode it: products are exact, and a difference rounds. */
function decoded(gpu: SimulatedGpu, packed: Value, type: GgufType): Value {
  return decodedBlocks(packed, type, ({ product, minimum }) => gpu.sub(product, minimum));
}

/** Of each row one large number, to which the others add less than a unit of it: all of it is lost. */
const steep = (random: Random, shape: Shape) =>
  filledTensor('f32', shape, (i) =>
    i % (shape.at(-1) as number) === 0 ? 1 : EPS * random.uniform(0.5, 1),
  );

/** A few terms of one sign, whose roundings add up. */
const ofOneSign: SampleOf<typeof signature> = {
  ...sample('legal', 'q8_0', [3, 32], 17),
  inputs: (random) => {
    const { dtype, shape, data } = drawnBlocks(random, 'q8_0', [17], 1, () => 0.01);
    return {
      x: steep(random, [3, 32]),
      packed: hostTensor(dtype, shape, data.map((byte) => byte & 127) as Uint8Array),
    };
  },
  grads: (random) => ({ y: steep(random, [3, 17]) }),
};

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x, packed }, { quant_type }) => {
    const weight = decoded(gpu, packed, quant_type);
    const y = multiply(gpu, PRODUCT_ORDER, [flatRows(x), weight, false, true]);
    return { y: { ...y, shape: [...x.shape.slice(0, -1), y.shape[1] as number] } };
  },
  backward: (gpu, { packed }, { quant_type }, { y }) => {
    if (!y) return {};
    const weight = decoded(gpu, packed, quant_type);
    const x = multiply(gpu, PRODUCT_ORDER, [flatRows(y), weight, false, false]);
    return { x: { ...x, shape: [...y.shape.slice(0, -1), x.shape[1] as number] } };
  },
  samples: [
    sample('legal', 'q8_0', [3, 1024], 33),
    sample('legal', 'q4_k', [2, 4096], 5),
    ofOneSign,
  ],
});
