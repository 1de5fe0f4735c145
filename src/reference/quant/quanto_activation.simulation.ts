import { valueOfCode } from '../../quant/small-floats.ts';
import { quantoActivation as signature } from '../../vocabulary/quant/quanto_activation.ts';
import { defineSimulation } from '../define.ts';
import { QUANTO_KINDS } from './quanto_quantize.simulation.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x, scale }, { qtype }) => {
    const kind = QUANTO_KINDS[qtype];
    const step = scale.data[0] as number;
    // A zero keeps its sign, which a flushed number here has not.
    const over = (value: number) => (value === 0 ? value : gpu.div(value, step));
    const codes = x.data.map((value) => (step > 0 ? kind.code(over(value)) : 0));
    const dequant = codes.map((code) =>
      gpu.mul(step, 'format' in kind ? valueOfCode(code, kind.format) : code),
    );
    return { q: { shape: x.shape, data: codes }, dequant: { shape: x.shape, data: dequant } };
  },
  backward: (_gpu, _inputs, _params, { dequant }) => ({ x: dequant }),
});
