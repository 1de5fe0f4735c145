import type { StoredTensor } from '../formats/safetensors/stored.ts';
import { toStored } from '../formats/safetensors/write.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { matrixView, type Shape } from '../tensor/shape.ts';
import { HQQ_WORDS, type HqqBits } from '../vocabulary/quant/hqq_quantize.ts';

/** What HQQLinear keeps of a layer beside its codes, scales and zeros. */
export interface HqqLayer {
  readonly nbits: Exclude<HqqBits, 6 | 5 | 1.58>;
  readonly group_size: number;
  readonly axis: 0 | 1;
  readonly round_zero: boolean;
}

/**
 * The numbers, flags and words of HQQLinear's `state_dict` of a weight [out, ...] as tensors, which is
 * how hqq 0.2.8 encodes them (`encode_safetensor_type`): its `load_state_dict` needs nothing else.
 * HQQLinear knows matrices alone, and a convolution is one here.
 */
export function hqqState(
  { nbits, group_size, axis, round_zero }: HqqLayer,
  shape: Shape,
): readonly (readonly [string, StoredTensor])[] {
  const { packing, dtype } = HQQ_WORDS[nbits];
  return [
    ['nbits', whole(nbits)],
    ['group_size', whole(group_size)],
    ['axis', whole(axis)],
    ['shape', sizes(matrixView(shape))],
    ['packing', word(packing)],
    ['unpack_view_dtype', word(dtype === 'i32' ? 'torch.int32' : 'torch.uint8')],
    ['compute_dtype', word('torch.float32')],
    ['view_as_float', flag(false)],
    ['quant_scale', flag(false)],
    ['quant_zero', flag(false)],
    ['channel_wise', flag(true)],
    ['optimize', flag(true)],
    ['round_zero', flag(round_zero)],
    ['offload_meta', flag(false)],
    ['encoded_state_dict', flag(true)],
    ['stores_quant_config', flag(true)],
  ];
}

const whole = (n: number): StoredTensor => toStored(hostTensorFrom('i32', [], [n]));

const flag = (yes: boolean): StoredTensor => toStored(hostTensorFrom('u8', [], [Number(yes)]));

const word = (text: string): StoredTensor => ({
  dtype: 'U8',
  shape: [text.length],
  bytes: new TextEncoder().encode(text),
});

const sizes = (shape: Shape): StoredTensor => ({
  dtype: 'I64',
  shape: [shape.length],
  bytes: new Uint8Array(BigInt64Array.from(shape, BigInt).buffer),
});
