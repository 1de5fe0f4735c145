import { expect, test } from 'vitest';
import type { AdapterDescription } from '../gpu/device.ts';
import { machineOf } from './fit.ts';

test.each([
  [false, 'real-gpu'],
  [true, 'fallback'],
])('a run on an adapter that stands in for a chip (%s) is marked %s', (isFallback, mark) => {
  const adapter = { vendor: 'acme', isFallback } as unknown as AdapterDescription;
  expect(machineOf(adapter)).toEqual({ adapter, mark });
});
