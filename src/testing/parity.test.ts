import { expect, test } from 'vitest';
import type { OpRecord } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import { forwardFault } from './parity.ts';

const recordOf = (name: string) => records.get(name) as OpRecord;

test('a replay is controlled by the first forward fault of each variant', () => {
  const attention = forwardFault(recordOf('scaled_dot_product_attention'));
  const { faults } = recordOf('scaled_dot_product_attention');
  const first = (variant: string) =>
    faults.find(
      ({ direction = 'forward', variants }) =>
        direction === 'forward' && (variants?.includes(variant) ?? true),
    );
  expect(attention.faults).toEqual([first('flash'), first('naive')]);
  expect(attention.name).toBe(`${first('flash')?.name}, ${first('naive')?.name}`);
});

test('a fault of all variants is there once, and one of the backward pass never', () => {
  const { faults, name } = forwardFault(recordOf('gather'));
  expect([faults.length, name]).toEqual([1, 'the next row']);
});
