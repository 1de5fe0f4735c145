import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadRows } from '../../src/catalog/rows.ts';
import { CATALOG_LIMITS } from './catalog-limits.ts';
import { type Limit, limits, smallArguments, smallNumbers } from './tolerances.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Small numbers that are compared or made constants, and why none of them is a tolerance that a
 * result needed.
 */
const LIMITS: Readonly<Record<string, string>> = {
  'src/data/spirals.ts: NOISE = 0.03': 'how far points of a task lie from their spiral',
  'src/gpu/probe.ts: float(products, 0) === 2 ** -130': 'a denormal that the probe asks for',
  'src/gpu/probe.ts: float(products, 1) === 2 ** -100': 'a product that the probe asks for',
  'src/gpu/probe.ts: ULP = 2 ** -23': 'operands of the probe',
  'src/models/llama/initial.ts: DEVIATION = 0.02': 'how transformers draws weights',
  'src/bench/entry.ts: PRECISE = 0.04': 'how well the median of times is known',
  'src/bench/statistics/order-statistics.ts: term = 2 ** -n':
    'the probability of n tosses of a coin',
  'src/bench/statistics/slower.ts: MOST_CHANCE = 0.01':
    'a probability, of times that one distribution gives',
  'src/bench/steps/oracle.ts: SHARE = 1e-5':
    'what the least limit of losses is where the spread is not asked for, as of whole steps',
  'src/bench/steps/recipes.ts: EPS = 1e-8': "torch's epsilon of Adam",
  'src/bench/steps/recipes.ts: LR = 1e-3': 'a learning rate',
  'src/bench/steps/recipes.ts: NORM_EPS = 1e-5': "torch's epsilon of normalizations",
  'src/bench/works/rows.ts: EPS = 1e-5': "torch's epsilon of normalizations",
  'src/cli/host-mutation/run/draw.ts: LEAST_SHARE = 0.05':
    'how many mutants of an operator are drawn',
  'src/cli/host-mutation/run/verdict.ts: MOST_EQUIVALENT = 0.05':
    'how many mutants of a draw may be argued to be equivalent',
  'src/cli/host-mutation/sites/constants.ts: SLIP = 1e-3': 'how a constant is changed',
  'src/models/layers.ts: EPS = 1e-5': 'a parameter of normalizations, as torch has it',
  'src/formats/gguf/rope-factors.ts: ROUNDING = 2 ** -20':
    'a dozen roundings of float32 in a file of llama.cpp',
  'src/quantizer/choosing/stored.ts: LEAST_NORMAL = 2 ** -126': 'where floats become denormal',
  'src/reference/attention/rotary_embedding.ts: OF_DOUBLES = 2 ** -50':
    'the roundings of an angle in float64',
  'src/reference/bounds.ts: EPS = 2 ** -23': 'the unit of every bound',
  'src/reference/bounds.ts: FLUSH = 2 ** -126': 'the smallest normal float32',
  'src/reference/bounds.ts: HALF_EPS = 2 ** -24': 'the unit of typical errors',
  'src/reference/llama/half-limits.ts: RELATIVE = 1e-2':
    "the parity bundle's limit for losses with products in halves",
  'src/reference/llama/limits.ts: ABSOLUTE = 1e-6':
    "the parity bundle's limit for numbers of a step near 0",
  'src/reference/llama/limits.ts: FARTHEST = 0.02':
    'how far what comes after step 20 may be off at most, as the parity bundle has it',
  'src/reference/llama/limits.ts: RELATIVE = 1e-4':
    "the parity bundle's limit for losses and gradient norms",
  'src/reference/llama/limits.ts: SHARE = 1e-3': "the parity bundle's limit for trained weights",
  'src/reference/networks/sequence-classifier.ts: EPS = 1e-5':
    "torch's eps of a LayerNorm, which the network is told",
  'src/reference/optim/orthogonal-size.ts: UNIT = 2 ** -8':
    'half a step of bfloat16, to which each product of a step of Muon is rounded',
  'src/reference/optim/singular-values.ts: ORTHOGONAL = 1e-14':
    'where rows in float64 have no angle left to turn',
  'src/reference/step/spread.ts: SHARE = 1e-5':
    'the least limit of gradients as a whole, as decision 36 has it',
  'src/reference/quant/blocks.ts: SMALLEST_ABSMAX = Math.fround(1e-38)':
    "a constant of bitsandbytes' arithmetic",
  'src/reference/quant/map-codes.ts: POSITION_ERROR = 3 * 2 ** -8':
    'three roundings of float32 at 65,536',
  'src/reference/quant/quantize.ts: smallest = Math.fround(1e-38)':
    "a constant of bitsandbytes' arithmetic",
  'src/reference/attention/rotary_embedding.simulation.ts: UNIT = Math.fround(1.4629180792671596e-9)':
    'a turn divided by 2^32',
  'src/reference/quant/block-scale.simulation.ts: SMALLEST_ABSMAX = Math.fround(1e-38)':
    "a constant of bitsandbytes' arithmetic",
  'src/reference/quant/block-scale.simulation.ts: divisor < 2 ** -63':
    'an exponent at which a kernel scales',
  'src/reference/quant/hqq-asked.ts: OBJECTIVE = 0.005':
    "how far a recording's mean error may be from the solver's, whose passes depend on its order of sums",
  'src/reference/quant/hqq-groups.ts: HARDLY_APART = Math.fround(1e-4)':
    "a constant of HQQ's arithmetic",
  'src/reference/quant/hqq-pass.ts: TINY = 2 ** -100': 'a size whose power is still a number',
  'src/reference/quant/hqq_quantize.simulation.ts: span > Math.fround(1e-4)':
    "a constant of HQQ's arithmetic",
  'src/reference/quant/simulated-coded-product.ts: STEP_SQUARED = Math.fround(1 / 127 ** 2)':
    'what a product of two codes stands for',
  'src/reference/quant/coded-product.ts: SCALE = 1 / 127 ** 2':
    'what a product of two codes stands for',
  'src/reference/quant/coded-product.ts: SCALE_ON_CPU = Math.fround(6.200124e-5)':
    "a constant of bitsandbytes' arithmetic",
  'src/reference/quant/mlx-affine.ts: LEAST_STEP = Math.fround(1e-7)':
    "a constant of MLX's arithmetic",
  'src/reference/quant/vectorwise.simulation.ts: Math.abs(shifted) < 2 ** -126':
    'where floats become denormal',
  'src/reference/quant/vectorwise.simulation.ts: STEP = Math.fround(1 / 127)':
    'what a code stands for',
  'src/reference/quant/vectorwise.simulation.ts: stat < 2 ** -63':
    'an exponent at which a kernel scales',
  'src/vocabulary/quant/bitnet_linear.ts: LEAST_ROW = Math.fround(1e-5)':
    "a constant of transformers' arithmetic",
  'src/testing/binomial-critical-value.ts: tail <= 1e-9':
    'how seldom chance passes for learning, as in the text that the byte model learns',
  'src/ui/cases/linked-suites.ts: boundUsed < 0.001': 'how a share is written',
  'src/ui/cases/case-facts.ts: share < 0.001': 'how a share is written',
  'src/reference/quant/abs_mean.ts: limit: 0.05': 'the size of drawn limits',
  'src/quantizer/methods/int8.ts: LEAST_SCALE = 2 ** -100':
    'the scale of a channel of zeros, which decode to zeros by any',
  'src/quantizer/choosing/drawn.ts: DEVIATION = 0.02': 'the size of drawn weights',
  'src/quantizer/matrix/given.ts: WEIGHT_SIZE = 0.05': 'the size of drawn weights',
  'suites/quant/latent-training.suite.ts: STEP_LIMIT = 1e-6':
    "the catalog's limit for a weight after a step",
  'suites/quantizer/drawn.ts: WEIGHT_SIZE = 0.05': 'the size of drawn weights',
  'suites/quantizer/models.suite.ts: Math.abs(share - 0.5) <= 0.01':
    'three standard deviations of 32768 draws',
  'suites/quantizer/models.suite.ts: spread > 1e-3':
    'whether logits differ at all: they are near one where weights are quantized',
  'suites/errors/arrays.suite.ts: SMALLEST_NORMAL = 2 ** -126': 'where floats become denormal',
  'suites/errors/non-finite.suite.ts: DENORMAL = 2 ** -130': 'a denormal that the probe asks for',
  'suites/errors/underflow.suite.ts: FACTOR = 1e-30': 'an operand whose square is below denormals',
  'suites/errors/underflow.suite.ts: NEAR = 1e-5':
    'the row asks for finite results: this tells them from results without eps',
  'suites/errors/underflow.suite.ts: SMALLEST_NORMAL = 2 ** -126': 'where floats become denormal',
  'suites/errors/vanishing-gradients.suite.ts: Math.abs(ratio / truth - 1) <= 0.05':
    "the catalog's 5 % between the ratio of norms and the one in float64",
  'suites/quant/half-accuracy.suite.ts: LEAST = 2 ** -25': 'half a step of denormal float16',
  'suites/quant/half-accuracy.suite.ts: UNIT = 2 ** -11': 'half a step of float16',
  'suites/quant/sources.suite.ts: HALF_STEP = 2 ** -12': 'half a step of float16 near 0.33',
  'suites/quant/sources.suite.ts: tritOf(round(w), LIMIT) !== tritOf(w, LIMIT)':
    'two codes, which are equal or not',
  'suites/quant/stochastic.suite.ts: Math.abs(share - 0.5) < 0.05':
    'six standard deviations of 4000 draws',
  'suites/vision/mobilenet-v2.suite.ts: Math.abs(share - 0.2) < 0.05':
    'four standard deviations of 1280 draws',
  'suites/train/convergence.suite.ts: RATE = 0.02': 'a learning rate',
  'suites/utilities/compare-outputs.suite.ts: Math.abs(actual - expected) <= 1e-12 * Math.abs(expected)':
    'roundings of float64 on the host',
  'suites/utilities/compare-outputs.suite.ts: down = -3 * 2 ** -22':
    'three steps down of an operand',
  'suites/utilities/compare-outputs.suite.ts: up = 2 ** -23': 'a step up of an operand',
  "suites/quant/stochastic.suite.ts: STEP = '1.1920928955078125e-7'": 'text of a kernel',
  'suites/quant/thresholds.suite.ts: Math.abs(zeros / 1000 - share) <= 1e-3':
    "the catalog's 1 of 1000 elements",
  'suites/train/convergence.suite.ts: LITTLE = 2 ** -40':
    'how far a curve is from the boundary between two answers',
  'suites/train/gradient-clipping.suite.ts: NORM_LIMIT = 1e-5':
    "the catalog's limit for norms, gradients and their quotients",
  'suites/train/mixed-precision.suite.ts: Math.abs(scale / MIXED.grad_scaler.init_scale - 1) <= 1e-3':
    'whether gradients are of the scaled loss: without the scale they are off by a factor of 4096',
  'suites/train/overflowing-step.suite.ts: LOSS_SHARE = 0.03':
    "the catalog's limit for the final loss in halves",
  'suites/train/limits.ts: GRADIENT_LIMIT = 1e-4':
    "the catalog's limit for gradients of two ways of computing",
  'suites/train/limits.ts: LOSS_LIMIT = 1e-3': "the catalog's limit for losses against float64",
  'suites/train/limits.ts: STEP_LOSS_LIMIT = 1e-4':
    "the catalog's limit for losses of steps on odd batches",
  'suites/train/limits.ts: WEIGHT_LIMIT = 1e-3': "the catalog's limit for trained weights",
  'suites/train/merging.suite.ts: LOGITS = 1e-4':
    "the catalog's limit for logits of merged weights",
  'suites/train/llama-types/dora-layer.ts: LEARNT = 0.02': 'the size of drawn weights',
  'suites/train/optimizer-steps.suite.ts: LR = 1 / 128': 'a learning rate',
  'suites/train/agreement.suite.ts: RATE = 3e-3': 'a learning rate',
  'suites/train/all-types.suite.ts: RATE = 5e-3': 'a learning rate',
  'suites/train/type-full.suite.ts: STEP = 2e-3':
    'the step of a central difference in float64, as a share of the size of weights',
  'suites/train/precisions.suite.ts: UNDERFLOW = 2 ** -30': 'the scale of a loss',
  'suites/train/precisions.suite.ts: LOSS_SHARE = 0.03':
    "the catalog's limit for the final loss in halves",
  'suites/train/precisions.suite.ts: STALLED = 0.02': 'what a stalled loss may fall by, as a share',
  'suites/train/llama-types/alike.ts: RATE = 5e-3': 'a learning rate',
  'suites/train/qlora-convergence.suite.ts: RATE = 5e-3': 'a learning rate',
  'suites/train/type-hqq-lora.suite.ts: RATE = 5e-3': 'a learning rate',
  'suites/train/type-lora.suite.ts: RATE = 5e-3': 'a learning rate',
  'suites/train/types-dora.suite.ts: OF_DIFFERENCES = 1e-6':
    'a share of a slope, far above the roundings of differences in float64',
  'suites/train/types-dora.suite.ts: STEP = 1e-4': 'the step of a central difference in float64',
  'suites/train/merging/drawn-linear.ts: WEIGHT_SIZE = 0.05': 'the size of drawn weights',
  'suites/train/whole-step/small.ts: SMALL = 3e-3':
    'the size of drawn weights, near the root of an eps',
  'suites/data/synthetic.suite.ts: STATISTICS_LIMIT = 0.05':
    "the catalog's limit for mean and deviation of drawn images",
  'suites/gpu/probe.suite.ts: SMALLEST_NORMAL = 2 ** -126': 'where floats become denormal',
  'suites/nn/batch-norm.suite.ts: STEP = 2 ** -17': 'the step of a central difference in float64',
  'suites/nn/batch-norm.suite.ts: TRUNCATION = 1e-7':
    'the error of that difference, as in the tests of the records',
  'suites/train/along-gradient.ts: STEP = 1e-4': 'the step of a central difference',
  'suites/train/byte-model.suite.ts: Math.abs(norm - slope) <= 1e-4 * slope + 1e-6':
    "the parity bundle's limit for gradient norms",
  'suites/quant/cnn.suite.ts: after >= accuracy - 0.03':
    'the 3 points of triton.quantization.cnn-model',
  'suites/quant/goldens/weights.ts: TAIL = 2 ** -12':
    'what keeps a divisor of drawn weights from zero',
  'suites/quant/hqq.suite.ts: Math.abs(error - theirs) <= 0.005 * theirs':
    'the 0.5 % of fsdp.quantization.parity-hqq and fsdp.backend.cpu-model-loading-with-hqq',
};

/** Where results are judged, beside src/testing. */
const JUDGES = /^src\/reference\/(judge|stored|overflow|rounding|examination)\.ts$/;

/** Small numbers in the code that judges. */
const IN_JUDGES: Readonly<Record<string, string>> = {
  'src/testing/binomial-critical-value.ts: 1e-9':
    'a probability, of a chance result: not an error that a result may have',
  'src/reference/judge.ts: 2 ** -126': 'the unit in the last place of denormals, for reports',
  'src/reference/rounding.ts: 2 ** -11': 'half a step of float16 at 1',
  'src/reference/rounding.ts: 2 ** -22':
    "the error of __log2f between 1/2 and 2, by CUDA's programming guide",
  'src/reference/rounding.ts: 2 ** -25': 'half of the smallest float16',
  'src/reference/rounding.ts: 2 ** -4': 'a share of a unit, for products of roundings',
  'src/reference/rounding.ts: 2 ** -7': 'a term of the largest bfloat16',
  'src/reference/rounding.ts: 2 ** -8': 'half a step of bfloat16 at 1',
};

function sources(): ReadonlyMap<string, string> {
  const files = ['src', 'suites'].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file.replaceAll('\\', '/')}`,
    ),
  );
  const code = files.filter(
    (file) => file.endsWith('.ts') && !/\.test\.ts$|\.d\.ts$|\/fixtures\//.test(file),
  );
  return new Map(code.map((file) => [file, readFileSync(root + file, 'utf8')]));
}

const files = [...sources()];
const keys = (found: readonly Limit[]) =>
  [...new Set(found.map(({ file, text }) => `${file}: ${text}`))].sort();

test('the code is found', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.map(([file]) => file)).toContain('src/reference/judge.ts');
});

test('no result is compared within a tolerance of its own: limits come from records and their bounds', () => {
  expect(keys(files.flatMap(([file, source]) => limits(file, source)))).toEqual(
    Object.keys({ ...LIMITS, ...CATALOG_LIMITS }).sort(),
  );
});

test('a limit that a row of the catalog has stands in its words', async () => {
  const rows = new Map<string, { readonly asserts: string }>(await loadRows());
  for (const [limit, id] of Object.entries(CATALOG_LIMITS)) {
    const number = /0\.0\d*|\de-\d+/.exec(limit.replace(/^.*: /, ''))?.[0];
    expect(rows.get(id)?.asserts, limit).toContain(number);
  }
});

test('the code that judges holds no small number but units', () => {
  const judging = files.filter(([file]) => file.startsWith('src/testing/') || JUDGES.test(file));
  expect(keys(judging.flatMap(([file, source]) => smallNumbers(file, source)))).toEqual(
    Object.keys(IN_JUDGES).sort(),
  );
});

test('no suite gives a small number to a function', () => {
  const suites = files.filter(([file]) => file.startsWith('suites/'));
  expect(keys(suites.flatMap(([file, source]) => smallArguments(file, source)))).toEqual([]);
  expect(smallArguments('suites/planted.ts', 'near(a, b, 1e-5);')).toEqual([
    { file: 'suites/planted.ts', text: 'near(a, b, 1e-5)' },
  ]);
});

test.each([
  ['Math.abs(a - b) < 1e-5', 'Math.abs(a - b) < 1e-5'],
  ['if (error / size > 3 * 2 ** -20) fail();', 'error / size > 3 * 2 ** -20'],
  ['fail(error > 1 / 4096);', 'error > 1 / 4096'],
  ['fail(error > Number.EPSILON * size);', 'error > Number.EPSILON * size'],
  ["fail(error > Number('1e-5'));", "error > Number('1e-5')"],
  ['fail(-1e-5 > difference);', '-1e-5 > difference'],
  ['fail(error * 1e6 > 1);', 'error * 1e6 > 1'],
  ['fail(a.toFixed(4) !== b.toFixed(4));', 'a.toFixed(4) !== b.toFixed(4)'],
  ['const near = (a, b, most = 1e-4) => a - b < most;', 'most = 1e-4'],
  ['const rule = { tolerance: Math.exp(-9) };', 'tolerance: Math.exp(-9)'],
  ['class Rule { static most = 1e-4; }', 'static most = 1e-4;'],
])('a planted tolerance is found: %s', (source, text) => {
  expect(limits('src/planted.ts', source)).toEqual([{ file: 'src/planted.ts', text }]);
});

test('a planted tolerance is found under a name', () => {
  const source = 'const LIMIT = 1e-4; export const right = (e: number) => e < LIMIT;';
  expect(limits('src/planted.ts', source)).toEqual([
    { file: 'src/planted.ts', text: 'LIMIT = 1e-4' },
  ]);
  expect(smallNumbers('src/planted.ts', source)).toEqual([
    { file: 'src/planted.ts', text: '1e-4' },
  ]);
});
