import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, matrixOf, type Shape } from '../../tensor/shape.ts';
import { int8VectorwiseDequant as signature } from '../../vocabulary/quant/int8_vectorwise_dequant.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import { simulatedDequant } from './vectorwise.simulation.ts';

function sample(shape: Shape): SampleOf<typeof signature> {
  const rows = matrixOf(shape)[0];
  return {
    level: 'legal',
    label: { q: formatShape(shape) },
    params: {},
    inputs: (random) => ({
      q: filledTensor('i8', shape, () => random.integer(-127, 127)),
      row_stats: hostTensorFrom(
        'f32',
        [rows],
        random.fill(rows, () => random.uniform(0.5, 4)),
      ),
    }),
  };
}

/** bitsandbytes.functional.int8_vectorwise_dequant. */
export const record = defineRecord(signature, {
  summary: 'y = q * row_stats / 127',
  forward: ({ q: { shape, data }, row_stats }) => ({
    y: {
      shape,
      data: data.map((code, i) => {
        const row = Math.floor(i / (shape.at(-1) as number));
        return (code * (row_stats.data[row] as number)) / 127;
      }),
    },
  }),
  // The 127th rounds, and two products; one that is flushed is multiplied by a code.
  acceptance: (_inputs, { y }) => ({
    y: {
      kind: 'within',
      bound: y.data.map((x) => 3 * EPS * Math.abs(x) + 129 * FLUSH),
    },
  }),
  samples: [sample([37, 53]), sample([5, 3]), sample([2, 3, 64]), sample([1])],
  faults: [
    {
      name: 'codes larger by 1',
      shader: {
        file: 'quant/dequantize_rows',
        from: 'signed(high_bytes(q[w]))',
        to: '(1.0 + signed(high_bytes(q[w])))',
      },
    },
  ],
  plausibleBugs: [
    inputBug('codes off by one', 'q', (code) => code + 1),
    inputBug('statistics wrong by 2e-5', 'row_stats', (x) => x * (1 + 2e-5)),
    inputBug("neighbour's statistics", 'row_stats', (x, i, { data }) => data[i ^ 1] ?? x),
    inputBug('last code dropped', 'q', (code, i, { data }) => (i === data.length - 1 ? 0 : code)),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, { q, row_stats }) => ({
    y: { shape: q.shape, data: simulatedDequant(gpu, q.data, row_stats.data) },
  }),
});
