import { expect, test } from 'vitest';
import type { OpRecord } from '../../reference/record.ts';
import { records } from '../../reference/registry.ts';
import { fitParams, recordableParams } from './params.ts';

const schedule = records.get('lr_schedule') as OpRecord;
const params = { name: 'linear', base_lr: 0.1, total: 10 };
const stored = (shape: readonly number[]) =>
  ({ dtype: 'F64', shape, bytes: new Uint8Array(0) }) as const;

test('a schedule has as many steps as were recorded', () => {
  for (const length of [1, 10, 12])
    expect(fitParams(schedule, params, { lr: stored([length]) })).toEqual({
      ...params,
      steps: length,
    });
});

test('without a recorded rate the op has its default', () => {
  expect(fitParams(schedule, params, {})).toEqual(params);
});

test('parameters that follow from shapes are not recorded', () => {
  expect(recordableParams(schedule, { ...params, steps: 3 })).toEqual(params);
});
