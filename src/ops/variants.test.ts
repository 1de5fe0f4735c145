import { describe, expect, test } from 'vitest';
import { InvariantError } from '../errors.ts';
import { linkedKernels } from '../gpu/fixtures/linked-kernels.ts';
import type { TuningRow } from '../gpu/tuning.ts';
import type { Signature } from '../vocabulary/signature.ts';
import { laneDepth } from './lanes.ts';
import type { Launcher } from './launcher.ts';
import { PRODUCT_VARIANTS } from './matmul/tiles.ts';
import { launchers } from './registry.ts';
import { CHECKED_IN } from './tuning/checked-in.ts';
import { chooseVariant, depthOf, type Machine, type Variant } from './variants.ts';

const shaders = await linkedKernels();

/** Invocations that share a sum, by the kernels in which they do. */
const lanesOfKernels = new Map(
  shaders.flatMap(({ file, code }) => {
    const [, lanes] = /const LANES = (\d+)u;/.exec(code) ?? [];
    return lanes ? [[file, Number(lanes)] as const] : [];
  }),
);

/** Variants that run such a kernel, with its lanes. */
const sharing = [...launchers.values()].flatMap(({ name, variants }) =>
  Object.entries(variants).flatMap(([key, variant]) =>
    variant.kernels.flatMap((kernel): [string, string, Variant, number][] => {
      const lanes = lanesOfKernels.get(kernel);
      return lanes ? [[`${name} ${key}`, kernel, variant, lanes]] : [];
    }),
  ),
);

/** What the lanes add of n terms, where a kernel before has added shares of them. */
const SHARES_OF: Readonly<Record<string, (n: number) => number>> = {
  'clip_grad_norm shares': (n) => Math.ceil(n / 256),
  'ternary_quantize lanes': (n) => Math.min(4096, Math.ceil(n / 16)),
  'abs_mean lanes': (n) => Math.min(4096, Math.ceil(n / 16)),
  'bitnet_quantize lanes': (n) => Math.min(4096, Math.ceil(n / 16)),
  'hqq_quantize groups': (n) => Math.min(4096, Math.ceil(n / 16)),
};
/** Count or compare: nothing is rounded. */
const EXACT = [
  ...['amp_unscale shares', 'quantile radix', 'sparse_ternarize radix', 'topk rounds'],
  ...['int8_vectorwise_quant serial', 'int8_vectorwise_quant cooperative'],
  'histogram_quantile bins',
];

const TERMS = [1, 2, 7, 64, 65, 1000, 4096, 65_536, 1e6];

describe('the depth of a variant', () => {
  test('follows its lanes', () => {
    const variant = { kernels: [], depth: laneDepth };
    expect([64, 32].map((lanes) => depthOf({ ...variant, lanes })(128))).toEqual([8, 9]);
    expect(depthOf(variant)(128)).toBe(128);
  });

  test('of a variant that is not known is that of any order', () => {
    expect(depthOf(undefined)(7)).toBe(7);
  });

  test('is not made up for a variant that has none', () => {
    expect(() => depthOf({ kernels: ['a', 'b'] })(7)).toThrow(
      new InvariantError('the variant of a,b adds up, and has no depth'),
    );
  });

  test('is known of every kernel whose lanes share a sum', () => {
    const run = new Set(sharing.map(([, kernel]) => kernel));
    expect([...run].sort()).toEqual([...lanesOfKernels.keys()].sort());
    expect(run.size).toBeGreaterThan(5);
  });

  test.each(sharing)('%s has the lanes of %s', (_, kernel, { lanes }, expected) => {
    expect(lanes ?? expected, kernel).toBe(expected);
  });

  test.each(sharing.filter(([name]) => !EXACT.includes(name)))(
    '%s counts what a sum of %s goes through',
    (name, _, variant, lanes) => {
      for (const n of TERMS) {
        const terms = SHARES_OF[name]?.(n) ?? n;
        expect(depthOf(variant)(n), `${n} terms`).toBeGreaterThanOrEqual(
          Math.min(terms, laneDepth(terms, lanes)),
        );
      }
    },
  );

  test.each([
    ['flash', /key \+= (\d+)u\)/],
    ['tiled', /const COLUMNS = (\d+)u;/],
  ])(
    'of attention, %s, counts a rescaling for as many keys as the kernel takes at once',
    (name, keysIn) => {
      const kernel = shaders.find(({ file }) => file === `attention/attention_${name}`);
      const keys = Number(keysIn.exec(kernel?.code ?? '')?.[1]);
      const variant = launchers.get('scaled_dot_product_attention')?.variants[name];
      expect(TERMS.map(depthOf(variant))).toEqual(TERMS.map((n) => n + 4 * Math.ceil(n / keys)));
    },
  );

  test.each([
    // A lane for 16 terms, the lanes of the second kernel, and six levels of its tree.
    ['abs_mean', [8, 14, 23, 20, 23, 26]],
    ['batch_norm', [7, 7, 7, 8, 22, 70]],
    ['clip_grad_norm', [8, 14, 71, 72, 263, 263]],
    ['cross_entropy', [5, 8, 22, 23, 132, 141]],
    ['nll_loss', [1, 7, 64, 65, 1000, 4096]],
    ['quantize_4bit', [7, 7, 7, 8, 22, 70]],
    ['reduce_sum', [1, 7, 64, 65, 254, 272]],
    ['rotary_embedding', [0, 0, 0, 0, 0, 0]],
  ])('of %s is %j', (op, expected) => {
    const [variant] = Object.values(launchers.get(op)?.variants ?? {});
    expect([1, 7, 64, 65, 1000, 4096].map(depthOf(variant))).toEqual(expected);
  });

  test('of a mean shares its terms out to 4096 lanes at most', () => {
    // 25 terms a lane, 64 lanes for each of the second kernel.
    expect(depthOf(launchers.get('abs_mean')?.variants['lanes'])(100_000)).toBe(25 + 64 + 6);
  });

  test('of a row is that of its lanes, with four sums each', () => {
    const { variants = {} } = launchers.get('softmax') ?? {};
    const depths = (name: string) => [1, 3, 5, 64, 1000, 4096].map(depthOf(variants[name]));
    expect(depths('row-per-invocation')).toEqual([1, 3, 4, 18, 252, 1026]);
    expect(depths('row-per-workgroup')).toEqual([1, 3, 5, 9, 12, 24]);
    // A norm adds its columns too, by shares of 256 rows.
    expect(depthOf(launchers.get('rms_norm')?.variants['row-per-workgroup'])(1000)).toBe(254);
  });

  test('of many parts counts those of a chip', () => {
    const depth = depthOf(launchers.get('cross_entropy')?.variants['neighbours']);
    // Eight parts of 16 classes, 32 of 32; of more the lanes of the losses go farther.
    expect([128, 1024, 102_400].map(depth)).toEqual([6 + 8 + 3, 10 + 32 + 3, 1600 + 6]);
  });

  test('of no classes counts one part', () => {
    const depth = depthOf(launchers.get('cross_entropy')?.variants['parts']);
    expect(depth(0)).toBe(1 + 3);
    // Of 1025 classes a part has 342 at most, in four sums of 86.
    expect(depth(1025)).toBe(86 + 2 + 3 + 3);
  });
});

test.each(['lora_linear', 'swiglu_mlp'])('%s is chosen and bounded as its products', (op) => {
  const { variants } = launchers.get(op) as Launcher;
  expect(Object.keys(variants)).toEqual(Object.keys(PRODUCT_VARIANTS));
  for (const [name, { kernels, ...product }] of Object.entries(PRODUCT_VARIANTS)) {
    expect(variants[name]).toEqual({ ...product, kernels: expect.arrayContaining([...kernels]) });
  }
});

describe('a choice', () => {
  const signature = { name: 'told', inputs: { x: {}, weight: {} } } as unknown as Signature;
  const variants = {
    first: { kernels: [] },
    second: { kernels: [] },
    wide: { kernels: [], needs: ['subgroups'] as const },
  };
  const told = { signature, variants };
  const x = { dtype: 'f32', shape: [4, 5, 6] } as const;
  const chosen = (tuned: Machine['tuned'], inputs = {}, ...features: string[]) =>
    chooseVariant(
      {
        features: new Set(features),
        limits: {},
        widestSubgroup: undefined,
        ...(tuned && { tuned }),
      },
      told,
      inputs,
    );

  test('without a row that fits is the first that runs', () => {
    expect(chosen([])).toBe('first');
    expect(chosen([{ variant: 'second', ops: ['other'] }])).toBe('first');
    expect(chosen([{ variant: 'second', lanes: 'few' }])).toBe('first');
  });

  test('is never one that the adapter cannot run', () => {
    const rows = [{ variant: 'wide' }, { variant: 'second' }];
    expect(chosen(rows)).toBe('second');
    expect(chosen(rows, {}, 'subgroups')).toBe('wide');
    const narrow = { features: new Set<string>(), limits: {}, widestSubgroup: undefined };
    expect(() => chooseVariant(narrow, { signature, variants: { wide: variants.wide } })).toThrow(
      'no variant of the op runs on this adapter',
    );
  });

  test.each<[string, Partial<TuningRow>, fits: boolean]>([
    ['rows', { rows: [20, 20] }, true],
    ['more rows', { rows: [21] }, false],
    ['fewer rows', { rows: [1, 19] }, false],
    ['its width', { width: [6] }, true],
    ['another width', { rows: [20], width: [7, 9] }, false],
    ['its type', { dtype: 'f32' }, true],
    ['another type', { dtype: 'f16', rows: [20] }, false],
  ])('by %s of the first operand', (_, row, fits) => {
    const weight = { dtype: 'f16', shape: [6, 7] } as const;
    const tuned = [{ variant: 'second', ...row }];
    expect(chosen(tuned, { weight, x })).toBe(fits ? 'second' : 'first');
    expect(chosen(tuned)).toBe('first');
  });

  test('is of the first row that fits, measured ones before known ones', () => {
    const gpu: Machine = { features: new Set(), limits: {}, widestSubgroup: undefined };
    expect(chooseVariant(gpu, launchers.get('matmul') as Launcher)).toBe('tiled');
    const tuned = [{ variant: 'register' }, { variant: 'tiled' }];
    expect(chooseVariant({ ...gpu, tuned }, launchers.get('matmul') as Launcher)).toBe('register');
  });
});

test('the checked-in table has for each op with several variants a row that fits every adapter', () => {
  const several = [...launchers.values()].filter(
    ({ variants }) => Object.keys(variants).length > 1,
  );
  expect(several.length).toBeGreaterThan(25);
  const lacking = several.filter(
    ({ name, variants }) =>
      !CHECKED_IN.some(({ variant, ops = [name], ...conditions }) => {
        const isFree = Object.keys(conditions).length === 0 && ops.includes(name);
        return isFree && variants[variant] && !variants[variant].needs;
      }),
  );
  expect(lacking.map(({ name }) => name)).toEqual([]);
});

test.each([
  ['matmul', 'register', 'tiled'],
  ['ternary_matmul', 'register', 'tiled'],
  ['scaled_dot_product_attention', 'tiled', 'tiled'],
  ['int8_linear', 'unpacked', 'unpacked'],
  ['softmax', 'row-per-invocation', 'row-per-invocation'],
  ['cross_entropy', 'parts', 'neighbours'],
  ['quantize_4bit', 'serial', 'cooperative'],
  ['topk', 'rounds', 'rounds'],
])('without features %s runs as %s on few lanes, as %s on many', (op, few, many) => {
  const pick = (widestSubgroup: number) =>
    chooseVariant(
      { features: new Set(), limits: {}, widestSubgroup },
      launchers.get(op) as Launcher,
    );
  expect([pick(4), pick(64)]).toEqual([few, many]);
});

test('bytes are multiplied four at a time where the language can, on many lanes', () => {
  const features = new Set(['packed_4x8_integer_dot_product', 'subgroups']);
  const pick = (widestSubgroup: number) =>
    chooseVariant(
      { features, limits: {}, widestSubgroup },
      launchers.get('int8_linear') as Launcher,
    );
  expect([pick(4), pick(64)]).toEqual(['subgroup', 'packed']);
});

test.each([
  [4, 'subgroup', 'flash'],
  [8, 'subgroup', 'flash'],
  [16, 'tiled', 'tiled'],
  [undefined, 'tiled', 'tiled'],
])(
  'an adapter with subgroups of %s picks of all variants',
  (widestSubgroup, product, attention) => {
    const gpu: Machine = {
      features: new Set(['subgroups', 'shader-f16']),
      limits: {},
      widestSubgroup,
    };
    const pick = (op: string) => chooseVariant(gpu, launchers.get(op) as Launcher);
    expect(['matmul', 'lora_linear', 'swiglu_mlp'].map(pick)).toEqual([product, product, product]);
    expect(pick('scaled_dot_product_attention')).toBe(attention);
  },
);
