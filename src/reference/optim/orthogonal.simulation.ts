import { FLUSH } from '../bounds.ts';
import { multiply } from '../matmul/multiply.simulation.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Orthogonalization } from './orthogonal.ts';

/** The matrix made orthogonal, as the kernels of Muon compute it. */
export function simulatedOrthogonal(
  gpu: SimulatedGpu,
  given: Value,
  { coefficients: [a, b, c], steps, eps }: Orthogonalization,
): Value {
  const [rows, columns] = given.shape as [number, number];
  const isTall = rows > columns;
  const squares = given.data.reduce((total, x) => gpu.mulAdd(x, x, total), 0);
  const norm = Math.max(squares >= FLUSH ? gpu.sqrt(squares) : 0, eps);
  const summed = (keep: number, y: Value, gain: number, x: Value): Value => ({
    shape: y.shape,
    data: y.data.map((each, i) => gpu.mulAdd(keep, each, gpu.mul(gain, x.data[i] as number))),
  });
  let x: Value = { shape: given.shape, data: given.data.map((each) => gpu.div(each, norm)) };
  for (let i = 0; i < steps; i++) {
    const gram = multiply(gpu, 'chain', [x, x, isTall, !isTall]);
    const square = multiply(gpu, 'chain', [gram, gram, false, false]);
    const update = summed(c, square, b, gram);
    const product = multiply(
      gpu,
      'chain',
      isTall ? [x, update, false, false] : [update, x, false, false],
    );
    x = summed(1, product, a, x);
  }
  return x;
}
