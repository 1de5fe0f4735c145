import { randomWords } from '../../src/ops/bits/random_words.ts';
import { dropout } from '../../src/ops/nn/dropout.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const randomNumbers = suite('utilities.random', {
  description: 'Random numbers: the same on host and device, and new for every case',
});

const DRAWS = 1_000_000;

randomNumbers
  .case('million-draws')
  .tier('full')
  .covers('triton.utilities.random-seed-reset/philox-bits-equal')
  .desc('A million words of one Philox stream: the bits of the host are those of the device.')
  .control('keys that stand still', (fault) =>
    fault.shader('bits/random_words', 'k += vec2u(0x9e3779b9u, 0xbb67ae85u);', 'k += vec2u();'),
  )
  .run(async (t) => {
    using words = randomWords.forward(t.gpu, {}, { seed: t.seed, stream: 5, shape: [DRAWS] }).words;
    const drawn = (await words.read()).data;
    const random = new Random(t.seed, 5);
    let same = 0;
    while (same < DRAWS && drawn[same] === random.word()) same++;
    t.expect(
      drawn.length === DRAWS && same === DRAWS,
      () => `word ${same} of ${drawn.length} is ${drawn[same]} on the device`,
    );
  });

/** A row that draws: host numbers of two streams, and a mask of the device. Gives all its bits. */
type Row = (t: CaseContext) => Promise<string>;

const row =
  (stream: number, count: number): Row =>
  async (t) => {
    const random = t.random(stream);
    const other = t.random(stream + 1);
    const first = random.word();
    const values = random.fill(count, () => random.normal() + other.uniform());
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', [count], values));
    using y = dropout.forward(t.gpu, { x }, { p: 0.5, seed: random.word() }).y;
    const { data } = await y.read();
    return [first, ...new Uint32Array(data.buffer)].join();
  };

const ROWS: readonly Row[] = [row(0, 9), row(1, 33), row(0, 21), row(7, 64), row(1, 5)];

/** What the rows give when they run in this order, each in a context of its own as in a run. */
async function inOrder(t: CaseContext, order: readonly number[]): Promise<readonly string[]> {
  const results = [...ROWS.keys()].map(() => '');
  for (const i of order) results[i] = await (ROWS[i] as Row)(new CaseContext(t));
  return results;
}

/** One generator for all rows, which goes on where the row before it ended. */
const shared = () => {
  const one = new Random(0);
  return () => one;
};

randomNumbers
  .case('reset')
  .covers('triton.utilities.random-seed-reset/reset-before-row')
  .desc('Whatever was drawn before, a row begins with the first words of seed and stream.')
  .control('rows draw on where the last one ended', (fault) => fault.host('case.random', shared))
  .run(async (t) => {
    for (const before of [0, 1, 5]) {
      const environment = { ...t, seed: t.seed + before };
      const used = new CaseContext(environment).random(3);
      for (let i = 0; i < before; i++) used.word();
      const random = new CaseContext(environment).random(3);
      const truth = new Random(environment.seed, 3);
      for (let i = 0; i < 9; i++) {
        const [drawn, expected] = [random.word(), truth.word()];
        t.expect(drawn === expected, () => `word ${i} is ${drawn} after ${before} others`);
      }
    }
  });

randomNumbers
  .case('orders')
  .tier('full')
  .covers('triton.utilities.random-seed-reset/order-independent')
  .desc(
    'Five rows that draw on host and device give the same bits in five random orders and alone.',
  )
  .control('rows draw on where the last one ended', (fault) => fault.host('case.random', shared))
  .run(async (t) => {
    const rows = [...ROWS.keys()];
    const expected = await inOrder(t, rows);
    const chance = new Random(t.seed, 99);
    const orders = Array.from({ length: 5 }, () => shuffled(rows, chance));
    for (const order of [...orders, ...rows.map((i) => [i])]) {
      const results = await inOrder(t, order);
      const differs = order.filter((i) => results[i] !== expected[i]);
      t.expect(differs.length === 0, () => `in the order ${order} rows ${differs} differ`);
    }
    t.expect(new Set(expected).size === ROWS.length, () => 'two rows give the same');
  });

function shuffled(items: readonly number[], random: Random): readonly number[] {
  return items
    .map((item) => ({ item, at: random.word() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
