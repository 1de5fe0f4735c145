import { expect, test } from 'vitest';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { ActivationType } from '../../vocabulary/quant/quanto_activation.ts';
import { predictedBytes } from '../quantizer.ts';
import { methods, schemeOf } from '../registry.ts';
import { metaWords } from './meta-words.ts';
import { schemesOf, type WholeChoice, wholeChoice } from './schemes.ts';
import { schemeKey } from './totals.ts';

test('takes what is usual of every method', () => {
  const schemes = schemesOf(() => true, false);
  expect(schemes.map(({ method }) => method)).toEqual([...methods.keys()]);
  expect(schemes.find(({ method }) => method === 'hqq')).toEqual({
    method: 'hqq',
    bits: 4,
    groupSize: 64,
    axis: 1,
  });
});

test.each([
  [{}, 'usual'],
  [{ groupSize: 128 }, 128],
  [{ axis: -1 }, 128],
] as const)(
  'groups of quanto_int %j are left open where its modules find them',
  (options, size) => {
    expect(wholeChoice({ method: 'quanto_int', ...options }).groupSize).toBe(size);
  },
);

test('takes each width, group and axis, and way to keep zeros and scales', () => {
  const all = schemesOf((name) => name === 'hqq', true);
  expect(all).toHaveLength(5 * 5 * 2 * 3);
  expect(all.slice(0, 3).map(metaWords)).toEqual(['', ' zero8', ' zero8 scale8']);
  expect(schemesOf((name) => name === 'quanto_int', true)).toHaveLength(2 * 5 * (2 + 4));
  expect(schemesOf(() => false, true)).toEqual([]);
});

test('takes each type of activations, of weights along the usual axis', () => {
  const all = schemesOf((name) => name === 'quanto_float8', true);
  expect(all.map((scheme) => `${scheme.axis}${metaWords(scheme)}`)).toEqual([
    ...['0', '0 x qint8', '0 x qfloat8_e4m3fn', '0 x qfloat8_e4m3fnuz', '0 x qfloat8_e5m2', '-1'],
  ]);
  expect(schemeKey(all[2] as WholeChoice)).toBe(
    'quanto_float8;bits=8;group=channel;axis=0;activations=qfloat8_e4m3fn',
  );
});

test.each([
  [
    'quanto_int',
    'qint4',
    undefined,
    'give qint8 or qfloat8_e4m3fn or qfloat8_e4m3fnuz or qfloat8_e5m2',
  ],
  ['quanto_float8', 'qint8', -1, 'along axis -1: optimum-quanto has no such product: give axis 0'],
  ['nf4', 'qint8', undefined, 'activations qint8 of nf4: it has none'],
] as const)('%s with activations in %s along axis %s is refused', (method, qtype, axis, why) => {
  const options = { method, axis, activations: qtype as ActivationType };
  expect(() => schemeOf(options)).toThrow(why);
});

test.each([
  [{}, [8, 320], 64],
  [{}, [8, 100], 'channel'],
  [{ groupSize: 'usual' }, [8, 320], 64],
  [{ groupSize: 32 }, [8, 320], 32],
  // Quanto's modules have no other axis.
  [{ axis: -1 }, [320, 8], 128],
] as const)('groups of quanto_int %j for %j are of %s', (options, shape, group) => {
  expect(schemeOf({ method: 'quanto_int', ...options }, shape).choice.group).toBe(group);
});

test('bytes are told of the groups that a weight gets', () => {
  const options = { method: 'quanto_int' };
  expect(predictedBytes(options, [8, 320])).toBe(
    predictedBytes({ ...options, groupSize: 64 }, [8, 320]),
  );
});

test('outputs have a scale of their own, and the type of activations', () => {
  const options = { method: 'quanto_int', groupSize: 'channel', outputs: true } as const;
  expect(() => schemeOf(options)).toThrow(
    'outputs of quanto_int: they are codes of the type that activations have: give activations qint8 or',
  );
  expect(() => schemeOf({ method: 'nf4', outputs: true })).toThrow('outputs of nf4: it has none');
  const scheme = schemeOf({ ...options, activations: 'qint8' });
  expect(scheme.choice).toMatchObject({ activations: 'qint8', outputs: true });
  expect(scheme.parts([3, 8])['output_scale']).toEqual({ dtype: 'f32', shape: [1] });
  expect(scheme.stored).toMatchObject({ input_scale: 'input_scale', output_scale: 'output_scale' });
});

test('the scale of activations is a part, which is saved as the library names it', () => {
  const scheme = schemeOf({ method: 'quanto_float8', activations: 'qfloat8_e5m2' });
  expect(scheme.parts([3, 8])['input_scale']).toEqual({ dtype: 'f32', shape: [1] });
  const parts = {
    q: hostTensorFrom('u8', [3, 8], new Float64Array(24)),
    scale: hostTensorFrom('f32', [3, 1], [1, 2, 3]),
    input_scale: hostTensorFrom('f32', [1], [0.5]),
  };
  const filed = scheme.filed?.(parts, [3, 8]);
  expect([...(filed ?? [])].map(([name, { dtype }]) => [name, dtype])).toEqual([
    ['weight._data', 'F8_E4M3'],
    ['weight._scale', 'F32'],
    ['input_scale', 'F32'],
  ]);
});

test('zeros and scales are codes of the methods that have them so', () => {
  const { choice, parts, refuses } = schemeOf({
    ...{ method: 'hqq', axis: 0, quantZero: true, quantScale: true },
  });
  expect(choice).toEqual({ bits: 4, group: 64, axis: 0, quantZero: true, quantScale: true });
  expect(parts([128, 128])).toEqual({
    packed: { dtype: 'u8', shape: [32, 256] },
    scale_q: { dtype: 'u8', shape: [128, 2] },
    meta_scale_scale: { dtype: 'f32', shape: [1, 2] },
    meta_scale_zero: { dtype: 'f32', shape: [1, 2] },
    zero_q: { dtype: 'u8', shape: [1, 256] },
    meta_zero_scale: { dtype: 'f32', shape: [1] },
    meta_zero_zero: { dtype: 'f32', shape: [1] },
  });
  expect([refuses?.([128, 128]), refuses?.([64, 64]), refuses?.([3, 7])]).toEqual([
    undefined,
    '64 scales are no groups of 128',
    '21 elements are no groups of 64',
  ]);
  expect(schemeOf({ method: 'hqq', quantZero: false }).choice).toEqual({
    ...{ bits: 4, group: 64, axis: 1 },
  });
  expect(() => schemeOf({ method: 'quanto_int', quantZero: true, quantScale: true })).toThrow(
    'quantZero and quantScale of quanto_int: it has none',
  );
  expect(() => schemeOf({ method: 'nf4', quantZero: true, quantScale: true })).toThrow(
    'quantZero of nf4: it has none',
  );
});

test.each([
  [4, [33, 64], '33 groups are no whole words of 2 codes of 4 bits, and HQQ fills up none but'],
  [2, [6, 64], '6 groups are no whole words of 4 codes of 2 bits, and HQQ fills up none but'],
  [1, [12, 64], '12 groups are no whole words of 8 codes of 1 bits, and HQQ fills up none but'],
] as const)(
  'hqq of %d bits refuses a weight of %j, whose words codes do not fill',
  (bits, shape, why) => {
    const refusal = (options: { bits: number; axis?: 0 }) =>
      schemeOf({ method: 'hqq', ...options }).refuses?.(shape);
    expect(refusal({ bits })).toContain(why);
    expect([refusal({ bits: 3 }), refusal({ bits: 8 }), refusal({ bits, axis: 0 })]).toEqual(
      Array(3).fill(undefined),
    );
  },
);

test('of 4 bits scales are codes, with what they are decoded with', () => {
  expect(schemeOf({ method: 'nf4', quantScale: true }).parts([128, 200])).toEqual({
    packed: { dtype: 'u8', shape: [12_800, 1] },
    absmax_q: { dtype: 'u8', shape: [400] },
    nested_absmax: { dtype: 'f32', shape: [2] },
    nested_offset: { dtype: 'f32', shape: [1] },
    code: { dtype: 'f32', shape: [256] },
  });
});
