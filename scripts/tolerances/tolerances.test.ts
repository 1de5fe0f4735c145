import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { limits, type Suspect, smallNumbers } from './tolerances.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Small numbers that are compared or made constants, and why none of them is a tolerance that a result needed. */
const LIMITS: Readonly<Record<string, string>> = {
  'src/gpu/probe.ts: ULP = 2 ** -23': 'operands of the probe',
  'src/reference/bounds.ts: EPS = 2 ** -23': 'the unit of every bound',
  'src/reference/bounds.ts: FLUSH = 2 ** -126': 'the smallest normal float32',
  'src/reference/bounds.ts: HALF_EPS = 2 ** -24': 'the unit of typical errors',
  'src/reference/quant/ranks.ts: FP4_BAND = 1e-6': "how far the literals of bitsandbytes' own kernels for fp4 differ",
  'src/reference/simulation/quant/block-scale.ts: divisor < 2 ** -63': 'an exponent at which a kernel scales',
  'src/tensor/half.ts: magnitude < 2 ** -14': 'where halves become denormal',
  'src/ui/elements/linked-suites.ts: boundUsed < 0.001': 'how a share is written',
  'src/ui/state/case-facts.ts: share < 0.001': 'how a share is written',
  'suites/gpu/probe.suite.ts: SMALLEST_NORMAL = 2 ** -126': 'where floats become denormal',
  'suites/train/along-gradient.ts: STEP = 1e-4': 'the step of a central difference',
  'suites/train/byte-model.suite.ts: Math.abs(norm - slope) <= 1e-4 * slope + 1e-6': "the parity bundle's limit for gradient norms",
  'suites/train/byte-model.suite.ts: after > Math.log(ALPHABET) - 0.05': 'a floor below which no finite random text can be predicted',
};

/** Small numbers in the code that judges. */
const IN_JUDGES: Readonly<Record<string, string>> = {
  'src/testing/judge.ts: 2 ** -126': 'the unit in the last place of denormals, for reports',
  'src/testing/parity/recorded.ts: 2 ** -HALF_FORMATS[dtype].bits': 'the unit of a half format',
};

function sources(): ReadonlyMap<string, string> {
  const files = ['src', 'suites'].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file.replaceAll('\\', '/')}`),
  );
  const code = files.filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\.d\.ts$|\/fixtures\//.test(file));
  return new Map(code.map((file) => [file, readFileSync(root + file, 'utf8')]));
}

const files = [...sources()];
const keys = (suspects: readonly Suspect[]) => [...new Set(suspects.map(({ file, text }) => `${file}: ${text}`))].sort();

test('the code was seen', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.map(([file]) => file)).toContain('src/testing/judge.ts');
});

test('no result is compared within a tolerance of its own: limits come from records and their bounds', () => {
  expect(keys(files.flatMap(([file, source]) => limits(file, source)))).toEqual(Object.keys(LIMITS).sort());
});

test('the code that judges holds no small number but units', () => {
  const judging = files.filter(([file]) => file.startsWith('src/testing/'));
  expect(keys(judging.flatMap(([file, source]) => smallNumbers(file, source)))).toEqual(Object.keys(IN_JUDGES).sort());
});

test.each([
  ['Math.abs(a - b) < 1e-5', 'Math.abs(a - b) < 1e-5'],
  ['if (error / size > 3 * 2 ** -20) fail();', 'error / size > 3 * 2 ** -20'],
])('a planted tolerance is found: %s', (source, text) => {
  expect(limits('src/planted.ts', source)).toEqual([{ file: 'src/planted.ts', text }]);
});

test('a planted tolerance is found under a name', () => {
  const source = 'const LIMIT = 1e-4; export const right = (e: number) => e < LIMIT;';
  expect(limits('src/planted.ts', source)).toEqual([{ file: 'src/planted.ts', text: 'LIMIT = 1e-4' }]);
  expect(smallNumbers('src/planted.ts', source)).toEqual([{ file: 'src/planted.ts', text: '1e-4' }]);
});
