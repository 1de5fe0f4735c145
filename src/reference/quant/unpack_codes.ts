import { packing } from '../../quant/packing/packing.ts';
import { unpackSlices } from '../../quant/packing/row-slices.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { unpackCodes as signature } from '../../vocabulary/quant/unpack_codes.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { unpackWords } from './packed-words.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The bits of words as numbers that are not negative. */
const unsigned = (words: Float64Array) => words.map((word) => word >>> 0);

function unpacked({ packed }: Inputs, { bits, order, shape }: Params): Value {
  const n = sizeOf(shape);
  const isWide = packed.dtype === 'i32';
  if (order === 'stream') {
    const low = packing(bits);
    const data = isWide
      ? Float64Array.from(unpackWords(packed.data, n, low))
      : Float64Array.from({ length: n }, (_, i) => low.codeAt(packed.data, i));
    return { shape, data };
  }
  const rows = Math.floor((isWide ? 32 : 8) / bits);
  const units = unsigned(packed.data);
  const bytes = units.length;
  if (order === 'high') return { shape, data: unpackSlices(units, n, { rows, bits }) };
  // The first slice in the lowest bits: the slices of `high` from the last to the first.
  const all = unpackSlices(units, bytes * rows, { rows, bits });
  const data = Float64Array.from(
    { length: n },
    (_, i) => all[(rows - 1 - Math.floor(i / bytes)) * bytes + (i % bytes)] as number,
  );
  return { shape, data };
}

function sample(
  shape: Shape,
  { bits, order }: Pick<Params, 'bits' | 'order'>,
  dtype: 'u8' | 'i32' = 'u8',
): SampleOf<typeof signature> {
  const width = dtype === 'i32' ? 32 : 8;
  const n = sizeOf(shape);
  const units =
    order === 'stream' ? Math.ceil((n * bits) / width) : Math.ceil(n / Math.floor(width / bits));
  const draw = dtype === 'i32' ? ([-(2 ** 31), 2 ** 31 - 1] as const) : ([0, 255] as const);
  return {
    level: 'exact',
    label: { codes: formatShape(shape), bits, order, packed: dtype },
    params: { bits, order, shape },
    inputs: (random) => ({
      packed: hostTensorFrom(
        dtype,
        [units],
        random.fill(units, () => random.integer(...draw)),
      ),
    }),
  };
}

const FEWER = { 1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 8: 4 } as const;
const OTHER = { stream: 'low', high: 'low', low: 'high' } as const;

/** The codes of packed bytes and words, exact in every order of operations. */
export const record = defineRecord(signature, {
  summary: 'codes of packed words, each in a byte',
  forward: (inputs, params) => ({ codes: unpacked(inputs, params) }),
  acceptance: () => ({ codes: { kind: 'exact' } }),
  samples: [
    sample([37, 53], { bits: 4, order: 'low' }),
    sample([10, 33], { bits: 4, order: 'high' }),
    sample([13, 7], { bits: 2, order: 'low' }),
    sample([9, 5], { bits: 2, order: 'high' }),
    sample([33], { bits: 1, order: 'high' }),
    sample([23, 9], { bits: 3, order: 'high' }, 'i32'),
    sample([4, 64], { bits: 3, order: 'stream' }, 'i32'),
    sample([3, 32], { bits: 5, order: 'stream' }, 'i32'),
    sample([101], { bits: 6, order: 'stream' }, 'i32'),
    sample([259], { bits: 8, order: 'stream' }, 'i32'),
    sample([31, 33], { bits: 2, order: 'stream' }),
    sample([1], { bits: 8, order: 'low' }),
    // The first words of a second workgroup.
    sample([263], { bits: 4, order: 'stream' }, 'i32'),
  ],
  faults: [
    {
      name: 'codes in reversed bytes',
      shader: { file: 'quant/unpack_codes', from: '<< (8u * k)', to: '<< (24u - 8u * k)' },
    },
  ],
  plausibleBugs: [
    paramsBug('the other order', (params) => ({ ...params, order: OTHER[params.order] })),
    paramsBug('fewer bits', (params) => ({ ...params, bits: FEWER[params.bits] })),
    inputBug('the last unit dropped', 'packed', (x, i, { data }) =>
      i === data.length - 1 ? -1 - x : x,
    ),
  ],
});
