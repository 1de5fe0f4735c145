import { expect, test } from 'vitest';
import { readParityBundle } from '../../formats/parity-bundle.ts';
import { pythonCheck } from '../../harness/python-check.ts';
import { matmul } from '../../ops/matmul/matmul.ts';
import { record } from '../../reference/matmul/matmul.ts';
import type { OpRecord } from '../../reference/record.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { deriveSuite } from '../../testing/derive.ts';
import { bundleOfGiven } from '../../testing/given-bundle.ts';
import { changesOf, summarize } from './case-source.ts';

test('tells sizes, range and distribution of a tensor', () => {
  const told = summarize(
    'x',
    hostTensorFrom('f32', [2, 3], [0, 1, 2, 3, 4, Number.POSITIVE_INFINITY]),
  );
  expect(told).toMatchObject({
    name: 'x',
    dtype: 'f32',
    shape: [2, 3],
    min: 0,
    max: 4,
    mean: 2,
    zeros: 1 / 6,
    notFinite: 1 / 6,
  });
  expect(told.bins.reduce((a, b) => a + b)).toBe(5);
  expect([told.bins[0], told.bins.at(-1)]).toEqual([1, 1]);
  expect(summarize('x', hostTensorFrom('f32', [0], []))).toMatchObject({ zeros: 0, shape: [0] });
});

/** As the registry of records has it. */
const truth = record as unknown as OpRecord;

test('a case of an op tells what its fault changes, and is a recording that Python can check, without a device', () => {
  const declared = deriveSuite(truth, matmul).cases.find(({ id }) =>
    id.includes(':legal-gradient'),
  );
  const given = declared?.given?.(42);
  if (!declared || !given) throw new Error('there is no such case');
  expect(changesOf(declared)[0]).toMatchObject({ kind: 'shader', from: expect.any(String) });
  const bytes = bundleOfGiven(given, truth);
  if (!bytes) throw new Error('there is no bundle');
  const { op, params, producer, device, note, tensors } = readParityBundle(bytes);
  expect([
    op,
    Object.keys(tensors.inputs),
    Object.keys(tensors.gradsIn),
    Object.keys(tensors.gradsOut),
  ]).toEqual([
    'matmul',
    expect.arrayContaining(['a', 'b']),
    ['y'],
    expect.arrayContaining(['a', 'b']),
  ]);
  const recording = {
    op,
    params,
    producer,
    device,
    note,
    file: 'case.safetensors',
    bytes,
    hasGradients: true,
  };
  expect(pythonCheck(recording, undefined)).toMatch(/pip install safetensors torch.*a @ b/s);
});
