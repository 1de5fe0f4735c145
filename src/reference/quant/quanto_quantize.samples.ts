import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { quantoQuantize as signature } from '../../vocabulary/quant/quanto_quantize.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import type { SampleOf } from '../define.ts';
import {
  type Draw,
  type DrawnValues,
  drawnWeight,
  inBlocks,
  normalValues,
} from './drawn-weight.ts';

function sample(
  weight: Shape,
  params: GivenParams<typeof signature>,
  values?: DrawnValues,
): SampleOf<typeof signature> {
  const draw = values?.draw ?? normalValues;
  const { qtype, axis = 0, group_size } = params;
  return {
    level: 'legal',
    label: {
      weight: formatShape(weight),
      qtype,
      axis,
      ...(group_size === undefined ? {} : { group: group_size }),
      ...(values ? { values: values.name } : {}),
    },
    params,
    inputs: drawnWeight(weight, { draw }),
  };
}

/** Rows of 8: of zeros, of one number, of one sign, and those that reach both ends of a type. */
const ROWS: readonly Draw[] = [
  () => 0,
  () => 0.3,
  () => -0.3,
  (random) => random.uniform(5, 6),
  (random) => random.uniform(-6, -5),
  (_random, j) => 2 * (j % 4) - 3,
  (_random, j) => [448, 3 * 2 ** -10, 2 ** -10, 17, -19, -432, 2 ** -7, -(2 ** -9)][j] as number,
  (_random, j) => [57_344, 5 * 2 ** -15, 2 ** -17, 9, -11, -53_248, 2 ** -15, 0][j] as number,
  (_random, j) => [127, 0.5, 1.5, 2.5, -0.5, -1.5, 126.5, -126.5][j] as number,
  (random, j) => (j === 0 ? 1e30 : random.normal()),
  (_random, j) =>
    [240, 3 * 2 ** -11, -(2 ** -12), 17, -19, -232, 2 ** -8, -(2 ** -10)][j] as number,
];

const ends: DrawnValues = {
  name: 'ends',
  draw: inBlocks(8, ROWS),
};

const TYPES = [
  'qint2',
  'qint4',
  'qint8',
  'qfloat8_e4m3fn',
  'qfloat8_e4m3fnuz',
  'qfloat8_e5m2',
] as const;

export const samples: readonly SampleOf<typeof signature>[] = [
  sample([9, 33], { qtype: 'qint2' }), // rows that do not fill the last byte
  sample([6, 10], { qtype: 'qint2', axis: -1, group_size: 3 }),
  sample([5, 7], { qtype: 'qint4' }),
  sample([7, 5], { qtype: 'qint4', axis: -1 }),
  sample([3, 4, 3, 2], { qtype: 'qint4', axis: -1, group_size: 12 }),
  sample([70, 64], { qtype: 'qint4', group_size: 32 }),
  sample([1, 3, 4], { qtype: 'qint4' }), // an axis of one index is none
  sample([1, 3, 4], { qtype: 'qint2', group_size: 12 }),
  sample([130, 33], { qtype: 'qint8' }),
  sample([3, 20], { qtype: 'qint8' }), // four of a row are a word
  sample([9, 33], { qtype: 'qint8', axis: -1 }),
  sample([1, 20], { qtype: 'qint8' }),
  sample([7, 1], { qtype: 'qfloat8_e4m3fn', axis: -1 }),
  sample([3, 5, 7], { qtype: 'qfloat8' }),
  sample([33, 9], { qtype: 'qfloat8_e4m3fn', axis: -1 }),
  sample([9, 33], { qtype: 'qfloat8_e5m2' }),
  sample([7, 19], { qtype: 'qfloat8_e4m3fnuz' }),
  ...TYPES.map((qtype) => sample([11, 8], { qtype }, ends)),
];
