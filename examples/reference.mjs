// Judges a softmax without a GPU: float64 truth, and the error that any legal GPU may make.
import { judge, records } from 'gradproof/reference';

const softmax = records.get('softmax');
const inputs = { x: { shape: [2, 4], data: Float64Array.of(0, 1, 2, 3, -1, 0.5, 2, 8) } };
const truth = softmax.forward(inputs, { axis: -1 });
const bounds = softmax.acceptance(
  inputs,
  truth,
  { axis: -1 },
  { depth: (terms) => terms, ieee: false },
);

/** Softmax in float32; a mistake is to leave the last element out of the sum. */
const float32 = (terms) => {
  const data = new Float64Array(8);
  for (const row of [0, 4]) {
    const e = Array.from({ length: 4 }, (_, i) =>
      Math.fround(
        Math.exp(inputs.x.data[row + i] - Math.max(...inputs.x.data.slice(row, row + 4))),
      ),
    );
    const sum = e.slice(0, terms).reduce((a, b) => Math.fround(a + b), 0);
    for (const [i, value] of e.entries()) data[row + i] = Math.fround(value / sum);
  }
  return { shape: [2, 4], data };
};

for (const [name, terms] of [
  ['right', 4],
  ['wrong', 3],
]) {
  const { ok, wrong, compared, accuracy } = judge(float32(terms), truth.y, bounds.y);
  const verdict = ok ? 'accepted' : `refused, ${wrong} of ${compared} elements`;
  console.log(`${name}: ${verdict}; more than a thousand bounds off: ${accuracy.boundUsed > 1000}`);
}
