import { Tape } from '../../src/autograd/tape.ts';
import type { Covered } from '../../src/catalog/ids.ts';
import { GradproofError } from '../../src/errors.ts';
import { answers, probe, QUESTIONS } from '../../src/gpu/probe.ts';
import { nonFiniteInputs } from '../../src/ops/bits/finite-inputs.ts';
import type { Value } from '../../src/reference/record.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { Fault } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { isSwiftShader } from '../swiftshader.ts';
import { wordsOf } from './bits.ts';
import { SimpleLayer, upload } from './simple-layer.ts';

/** What the probe asks for. */
const DENORMAL = 2 ** -130;

export const nonFinite = suite('errors.non-finite', {
  description: 'Infinity and NaN in a batch: they stay in their row, and are found by their bits',
});

/** What is put at [0, 0] of a batch of four rows, and the row of the catalog about it. */
const VALUES: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  plus: Number.POSITIVE_INFINITY,
  minus: Number.NEGATIVE_INFINITY,
};

function batch(t: CaseContext, first?: number): Value {
  const random = t.random(1);
  const data = random.fill(4 * 64, () => random.normal());
  if (first !== undefined) data[0] = first;
  return { shape: [4, 64], data };
}

/** Bits of the rows after the first of what the layer gives. */
async function otherRows(t: CaseContext, layer: SimpleLayer, input: Value): Promise<Value> {
  using x = upload(t, input);
  using tape = new Tape(t.gpu);
  const words = wordsOf(await layer.forward(tape, x).read());
  return { shape: [3, 128], data: words.slice(128) };
}

const COVERED = {
  nan: ['triton.errors.nan-input/other-rows-bitwise', 'triton.errors.nan-input/bits-scan-index'],
  infinity: [
    'triton.errors.inf-input/other-rows-bitwise',
    'triton.errors.inf-input/bits-scan-index',
  ],
} as const satisfies Readonly<Record<string, readonly [Covered, Covered]>>;

/** Bits of others than those of {@link VALUES}: a negative NaN that signals; -Infinity. */
const LATER = { nan: 0xff800001, infinity: 0xff800000 } as const;

/** From the second call on the batch has NaN in its last row too. */
const spreading = () => (original: (...args: unknown[]) => unknown) => {
  let calls = 0;
  return (gpu: CaseContext['gpu'], inputs: { readonly a: Tensor }, ...rest: unknown[]) => {
    calls += 1;
    if (calls === 1) return original(gpu, inputs, ...rest);
    const data = new Float32Array(4 * 64).fill(Number.NaN);
    return original(
      gpu,
      { ...inputs, a: Tensor.from(gpu, { dtype: 'f32', shape: [4, 64], data }) },
      ...rest,
    );
  };
};

for (const kind of ['nan', 'infinity'] as const) {
  const [rows, index] = COVERED[kind];
  const values = Object.keys(VALUES).filter((name) => (name === 'nan') === (kind === 'nan'));

  nonFinite
    .case('other-rows', { value: values })
    .covers(rows)
    .desc('With one such number in row 0, rows 1 to 3 have the bits of the run without it.')
    .control('it is in every row', (fault) => fault.host('matmul.forward', spreading()))
    .run(async (t) => {
      using layer = new SimpleLayer(t);
      const clean = await otherRows(t, layer, batch(t));
      const spoilt = await otherRows(t, layer, batch(t, VALUES[String(t.params['value'])]));
      const different = new Set(clean.data).size;
      t.expect(different > 300, () => `only ${different} of 384 numbers differ`);
      t.expectEqual('bits of rows 1 to 3', spoilt, clean);
    });

  nonFinite
    .case('found', { value: values })
    .covers(index)
    .desc(
      'The scan by exponent bits finds exactly [0, 0] of the input, nothing in a clean one, and the first of two in a third, whatever their sign and the bits of a NaN.',
    )
    .control('an exponent mask that misses it', (fault) =>
      fault.shader(
        'bits/range_violations',
        'const EXPONENT = 0x7f800000u;',
        'const EXPONENT = 0x7fffffffu;',
      ),
    )
    .run(async (t) => {
      using clean = upload(t, batch(t));
      using spoilt = upload(t, batch(t, VALUES[String(t.params['value'])]));
      const data = Float32Array.from(batch(t).data);
      const words = new Uint32Array(data.buffer);
      for (const at of [2 * 64 + 5, 3 * 64 + 63]) words[at] = LATER[kind];
      using later = Tensor.from(t.gpu, { dtype: 'f32', shape: [4, 64], data });
      const flagged = await nonFiniteInputs({ clean, spoilt, later });
      const told = JSON.stringify([...flagged]);
      t.expect(
        told === '[["spoilt",{"count":1,"first":[0,0]}],["later",{"count":2,"first":[2,5]}]]',
        () => `flagged is ${told}`,
      );
    });
}

nonFinite
  .case('strict')
  .covers('triton.errors.nan-input/strict-mode')
  .desc('Strict mode throws at a batch with NaN, names where it is, and takes a clean batch.')
  .control('nothing is strict', (fault) => fault.host('ops.is_strict', () => () => false))
  .run(async (t) => {
    const thrownBy = async (input: Value) => {
      using x = upload(t, input);
      return await nonFiniteInputs({ x }, { strict: true }).then(
        () => undefined,
        (error: unknown) => error,
      );
    };
    const nothing = await thrownBy(batch(t));
    t.expect(nothing === undefined, () => `a clean batch throws ${nothing}`);
    const thrown = await thrownBy(batch(t, Number.NaN));
    t.expect(
      thrown instanceof GradproofError && thrown.code === 'nonfinite-input',
      () => `what is thrown is ${thrown}`,
    );
    t.expect(String(thrown).includes('x[0, 0] is not finite'), () => `it is said: ${thrown}`);
  });

/** The bits of a value that a way through arithmetic kept, or of the zero that it became. */
const isKeptOrZero = (word: number, value: number) =>
  [value, 0, -0].some((legal) => word === bitsOfFloat(legal));

function bitsOfFloat(x: number): number {
  return new Uint32Array(Float32Array.of(x).buffer)[0] as number;
}

/** Makes the kernel say that every number is another than itself, whatever the adapter. */
const ALWAYS: Fault = { shader: { file: 'lib/probe', from: 'a != a', to: 'b == b' } };

nonFinite
  .case('comparison')
  .covers('triton.errors.nan-input/comparison-recorded')
  .desc(
    'The probe records whether x != x is true of NaN, and records that it is where the kernel is made to say so; it is false of 1 everywhere.',
  )
  .injects(ALWAYS)
  .control('it is recorded as false', (fault) => fault.host('probe.is_other', () => () => false))
  .run(async (t) => {
    const [ofOne, ofNaN] = (await answers(t.gpu))[7];
    t.expect(ofOne === 0, () => '1 is another number than 1');
    const { comparesNaN } = await probe(t.gpu);
    t.expect(
      comparesNaN === (ofNaN === 1),
      () => `the answer is ${ofNaN}, and the record ${comparesNaN}`,
    );
    if (isSwiftShader(t)) t.expect(!comparesNaN, () => 'SwiftShader compares NaN with itself');
    t.metric('comparesNaN', Number(comparesNaN));
    using injector = t.injector();
    injector.inject(ALWAYS);
    const said = await probe(t.gpu);
    t.expect(
      said.comparesNaN,
      () => 'the kernel says that NaN is another number, and the record not',
    );
  });

/** Where the answers to copy, product by 1 and sum with 0 of a denormal stand; then Infinity, NaN. */
const WAYS = [
  ['copy', 6, 0],
  ['product', 3, 4],
  ['sum', 0, 8],
] as const;

/** The names of the ways whose answers `keep`, as the probe records them. */
async function recordOf(
  t: CaseContext,
  keep: (words: readonly number[]) => boolean,
): Promise<string> {
  const all = await answers(t.gpu);
  const kept = WAYS.flatMap(([way, section, at]) =>
    keep([...all[section].subarray(at, at + 3)]) ? [way] : [],
  );
  return kept.length === WAYS.length ? 'all' : kept.join(', ') || 'none';
}

/** Makes the kernel's product lose what tells a NaN from Infinity, whatever the adapter. */
const NAN_IS_LOST: Fault = {
  shader: {
    file: 'lib/probe',
    from: 'return bitcast<u32>(a * b);',
    to: 'return bitcast<u32>(a * b) & 0xff800000u;',
  },
};
/** Makes the kernel's sum with 0 keep every bit, whatever the adapter. */
const SUM_KEEPS: Fault = {
  shader: {
    file: 'lib/probe',
    from: 'return bitcast<u32>(a + b);',
    to: 'return bitcast<u32>(a) | bitcast<u32>(b);',
  },
};

/** Asserts that the probe records what the answers say, and on SwiftShader what is known of it. */
async function expectRecord(
  t: CaseContext,
  of: 'passesNonFinite' | 'passesDenormals',
  keep: (words: readonly number[]) => boolean,
  onSwiftShader: string,
): Promise<void> {
  const recorded = (await probe(t.gpu))[of];
  const expected = await recordOf(t, keep);
  t.expect(recorded === expected, () => `the answers say ${expected}, and the record ${recorded}`);
  if (isSwiftShader(t))
    t.expect(expected === onSwiftShader, () => `SwiftShader keeps them in ${expected}`);
}

nonFinite
  .case('ways-of-infinity')
  .covers('triton.errors.inf-input/flushing-recorded')
  .desc(
    'The probe records which of copy, product by 1 and sum with 0 keep Infinity and NaN, from answers of run-time operands; where the kernel is made to lose NaN in the product, that is recorded.',
  )
  .injects(NAN_IS_LOST)
  .control('what is lost is recorded as kept, and the other way', (fault) =>
    fault.host(
      'probe.passes_of',
      (original) => (kept: readonly boolean[]) => original(kept.map((is) => !is)),
    ),
  )
  .run(async (t) => {
    const keep = ([, infinity, nan]: readonly number[]) =>
      infinity === 0x7f800000 && ((nan as number) & 0x7fffffff) > 0x7f800000;
    await expectRecord(t, 'passesNonFinite', keep, 'all');
    using injector = t.injector();
    injector.inject(NAN_IS_LOST);
    await expectRecord(t, 'passesNonFinite', keep, 'copy, sum');
  });

nonFinite
  .case('ways-of-denormals')
  .covers('triton.errors.numerical-underflow/denormals-recorded')
  .desc(
    'The probe records which of copy, product by 1 and sum with 0 keep 2^-130; what is not kept is 0. Where the kernel is made to keep it in the sum, that is recorded.',
  )
  .injects(SUM_KEEPS)
  .control('a copy of another operand', (fault) =>
    fault.shader('lib/probe', 'return bitcast<u32>(a);', 'return bitcast<u32>(b);'),
  )
  .run(async (t) => {
    const all = await answers(t.gpu);
    for (const [way, section, at] of WAYS) {
      const word = all[section][at] as number;
      t.expect(
        isKeptOrZero(word, DENORMAL),
        () => `a ${way} makes 2^-130 to the bits ${word.toString(16)}`,
      );
    }
    const keep = ([word]: readonly number[]) => word === bitsOfFloat(DENORMAL);
    await expectRecord(t, 'passesDenormals', keep, 'copy');
    using injector = t.injector();
    injector.inject(SUM_KEEPS);
    await expectRecord(t, 'passesDenormals', keep, 'copy, sum');
  });

nonFinite
  .case('run-time-operands')
  .covers('triton.errors.numerical-underflow/run-time-operands')
  .desc(
    'The operands of the probe are numbers that it is given: with 3 in the place of 1, and 2 in that of 0, one kernel multiplies and adds otherwise.',
  )
  .control('a product by a constant', (fault) =>
    fault.shader('lib/probe', 'bitcast<u32>(a * b)', 'bitcast<u32>(a * 1.0)'),
  )
  .run(async (t) => {
    for (const [x, factor, term] of [
      [5, 1, 0],
      [5, 3, 2],
    ] as const) {
      const asked: [number, number, number][][] = QUESTIONS.map(() => [[x, factor, 0]]);
      asked[0] = [[x, term, 0]];
      const [sums, , , products] = await answers(t.gpu, asked);
      const got = [sums[0], products[0]].join();
      const expected = [x + term, x * factor].map(bitsOfFloat).join();
      t.expect(got === expected, () => `sum and product have the bits ${got}, not ${expected}`);
    }
  });
