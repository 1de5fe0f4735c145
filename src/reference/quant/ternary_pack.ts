import type { TritOrder } from '../../quant/trits.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { OpRecord, Sample, Value, Values } from '../record.ts';

interface PackParams {
  readonly order?: TritOrder;
}

interface UnpackParams extends PackParams {
  readonly shape: Shape;
}

/** What a code in place `k` of a byte weighs. */
const weight = (k: number, order: TritOrder = 'low'): number => 4 ** (order === 'low' ? k : 3 - k);

function packed(trits: Value, { order }: PackParams): Value {
  const data = Float64Array.from({ length: Math.ceil(trits.data.length / 4) }, (_, b) =>
    [0, 1, 2, 3].reduce((byte, k) => byte + ((trits.data[4 * b + k] ?? 0) + 1) * weight(k, order), 0),
  );
  return { shape: [data.length], data };
}

function unpacked(bytes: Value, { order, shape }: UnpackParams): Value {
  const code = (i: number) => Math.floor((bytes.data[Math.floor(i / 4)] as number) / weight(i % 4, order)) % 4;
  return { shape, data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => code(i) - 1) };
}

/** Trits whose packed bytes are known: 0x24 0x29 in low order, 0x18 0x68 in high order. */
const KNOWN = [-1, 0, 1, -1, 0, 1, 1, -1];

function packSample(shape: Shape, params: PackParams, known?: readonly number[]): Sample<PackParams> {
  return {
    layer: 'exact',
    label: { trits: formatShape(shape), order: params.order ?? 'low' },
    params,
    inputs: (random) => ({ trits: hostTensorFrom('i8', shape, known ?? random.fill(sizeOf(shape), () => random.integer(-1, 1))) }),
  };
}

function unpackSample(shape: Shape, order: TritOrder): Sample<UnpackParams> {
  return {
    layer: 'exact',
    label: { trits: formatShape(shape), order },
    params: { shape, order },
    inputs: (random) => {
      const trits = { shape, data: random.fill(sizeOf(shape), () => random.integer(-1, 1)) };
      const { data } = packed(trits, { order });
      return { packed: hostTensorFrom('u8', [data.length], data) };
    },
  };
}

const otherOrder = <P extends PackParams>(params: P): P => ({ ...params, order: params.order === 'high' ? 'low' : 'high' });

function change(inputs: Values, name: string, replace: (x: number, i: number, all: Float64Array) => number): Values {
  const value = inputs[name] as Value;
  return { ...inputs, [name]: { ...value, data: value.data.map(replace) } };
}

const pack: OpRecord<PackParams> = {
  name: 'ternary_pack',
  family: 'quant',
  summary: 'trits packed four a byte',
  inputs: { trits: { dtypes: ['i8'] } },
  outputs: { packed: { dtypes: ['u8'] } },
  forward: (inputs, params) => ({ packed: packed(inputs['trits'] as Value, params) }),
  acceptance: () => ({ packed: { kind: 'exact' } }),
  samples: [
    packSample([8], { order: 'low' }, KNOWN),
    packSample([8], { order: 'high' }, KNOWN),
    packSample([1000], {}),
    packSample([37, 53], { order: 'high' }),
    packSample([1], {}),
    packSample([2044], {}),
    // The first word of a second workgroup.
    packSample([1025], {}),
  ],
  faults: [{ name: 'codes without the offset of 1', shader: { file: 'quant/ternary_pack', from: '(trit + 1u) & 3u', to: 'trit & 3u' } }],
  wrongValues: [
    { name: 'the other order', apply: (inputs, params) => ({ inputs, params: otherOrder(params) }) },
    {
      name: 'last trit dropped',
      apply: (inputs, params) => ({ inputs: change(inputs, 'trits', (t, i, all) => (i === all.length - 1 ? 0 : t)), params }),
    },
    { name: 'signs flipped', apply: (inputs, params) => ({ inputs: change(inputs, 'trits', (t) => -t), params }) },
  ],
};

const unpack: OpRecord<UnpackParams> = {
  name: 'ternary_unpack',
  family: 'quant',
  summary: 'trits of packed bytes',
  inputs: { packed: { dtypes: ['u8'] } },
  outputs: { trits: { dtypes: ['i8'] } },
  forward: (inputs, params) => ({ trits: unpacked(inputs['packed'] as Value, params) }),
  acceptance: () => ({ trits: { kind: 'exact' } }),
  samples: [
    unpackSample([37, 53], 'low'),
    unpackSample([1001], 'high'),
    unpackSample([1], 'low'),
    unpackSample([52], 'low'),
    unpackSample([512], 'high'),
  ],
  faults: [
    {
      name: 'codes one trit further',
      shader: { file: 'quant/ternary_unpack', from: 'trit_at(byte, 2u * k)', to: 'trit_at(byte, 2u * ((k + 1u) & 3u))' },
    },
  ],
  wrongValues: [
    { name: 'the other order', apply: (inputs, params) => ({ inputs, params: otherOrder(params) }) },
    {
      name: 'last byte dropped',
      apply: (inputs, params) => ({ inputs: change(inputs, 'packed', (b, i, all) => (i === all.length - 1 ? 0x55 : b)), params }),
    },
  ],
};

/** Both directions of packing trits, exact in every order of operations. */
export const records = [pack, unpack];
