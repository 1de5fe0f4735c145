import { rint } from '../../tensor/rint.ts';
import { matrixOf } from '../../tensor/shape.ts';
import { quantoLinear as signature } from '../../vocabulary/quant/quanto_linear.ts';
import { defineSimulation } from '../define.ts';
import { multiply, productOrder } from '../matmul/multiply.simulation.ts';
import { flatRows } from '../matmul/rows.ts';
import { simulation as ofCodes } from './int8_linear.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x, q, scale, input_scale, bias }, _params, variant) => {
    const step = input_scale.data[0] as number;
    const codeOf = (value: number) => Math.min(Math.max(rint(gpu.div(value, step)), -128), 127);
    // What 0 / 0 becomes is not said.
    const codes = x.data.map((value) => (step === 0 ? 0 : codeOf(value)));
    const q_x = { shape: x.shape, data: codes };
    const inputs = { x: q_x, weight: q, x_scale: input_scale, weight_scale: scale };
    return { q_x, ...ofCodes.forward(gpu, { ...inputs, ...(bias && { bias }) }, {}, variant) };
  },
  backward: (gpu, { x, q, scale }, _params, { y: dy }, variant) => {
    const [, k] = matrixOf(q.shape);
    const decoded = q.data.map((code, i) => gpu.mul(scale.data[Math.floor(i / k)] as number, code));
    const operands = [flatRows(dy), { ...q, data: decoded }, false, false] as const;
    return { x: { shape: x.shape, data: multiply(gpu, productOrder(variant), operands).data } };
  },
});
