import { expect, test } from 'vitest';
import type { Value } from '../record.ts';
import { record } from './abs_mean.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

test('a mean over a limit leaves out what lies at it', () => {
  const outputs = record.forward({ weight: of(1, -2, 3, -5), limit: of(2) }, {});
  expect([...(Object.values(outputs)[0] as Value).data]).toEqual([4]);
});
