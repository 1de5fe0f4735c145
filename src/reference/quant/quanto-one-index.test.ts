import { expect, test } from 'vitest';
import { type QuantoParams, quantoGroups } from '../../vocabulary/quant/quanto_quantize.ts';
import { groupsOf } from './quanto-groups.ts';

/** Weights of one row or one column, as optimum-quanto's own optimizers scale them. */

const withAll = ({ axis = 0, ...params }: Partial<QuantoParams>): QuantoParams => ({
  qtype: 'qint4',
  group_size: undefined,
  axis,
  ...params,
});

test.each([
  [[1, 32], {}, [1, 32], [1, 32]],
  [[1, 32], { qtype: 'qint2', group_size: 32 }, [1, 32], [1, 32]],
  [[1, 32], { group_size: 16 }, [2, 16], [2, 1]],
  [[1, 3, 4], {}, [1, 3, 4], [1, 1, 4]],
  [[1, 3, 4], { group_size: 12 }, [1, 12], [1, 12]],
  [[32, 1], { axis: -1 }, [32, 1], [1, 1]],
  [[32, 1], { axis: -1, group_size: 16 }, [16, 2], [1, 2]],
  [[3, 1], {}, [3, 1], [3, 1]],
  [[1, 1], {}, [1, 1], [1, 1]],
  [[1, 32], { qtype: 'qint8' }, [1, 32], [1]],
  [[1, 3, 4], { qtype: 'qint8' }, [1, 3, 4], [1]],
  [[32, 1], { qtype: 'qfloat8_e4m3fn', axis: -1 }, [32, 1], [1]],
  [[1, 32], { qtype: 'qint8', axis: -1 }, [1, 32], [1, 32]],
  [[3, 1], { qtype: 'qfloat8_e5m2' }, [3, 1], [3, 1]],
] as const)('%j by %j: codes %j, scales %j', (weight, params, shape, scale) => {
  const groups = quantoGroups(weight, withAll(params));
  expect(groups.shape).toEqual(shape);
  expect(groups.scale).toEqual(scale);
});

const weight = { shape: [1, 2, 3], data: Float64Array.of(0, 1, 2, 3, 4, 5) };
const membersOf = (params: Partial<QuantoParams>) =>
  groupsOf(weight, withAll(params)).members.map((group) => [...group]);

test('affine groups of one row are the columns of the rest, or its elements where it was cut', () => {
  expect(membersOf({})).toEqual([
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  expect(membersOf({ group_size: 6 })).toEqual([[0], [1], [2], [3], [4], [5]]);
});

test('symmetric codes of one row have one scale', () => {
  expect(membersOf({ qtype: 'qint8' })).toEqual([[0, 1, 2, 3, 4, 5]]);
});
