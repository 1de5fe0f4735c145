import { GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';

/** A type of ggml: elements of a row that are stored together, and their bytes. */
export interface TensorType {
  readonly name: string;
  readonly elements: number;
  readonly bytes: number;
}

const blocks = (name: GgufType): TensorType => ({ name, ...GGUF_TYPES[name] });
const number = (name: string, bytes: number): TensorType => ({ name, elements: 1, bytes });
const unread = (name: string, elements: number, bytes: number): TensorType => ({
  name,
  elements,
  bytes,
});

/**
 * ggml's types by their numbers (GGMLQuantizationType and GGML_QUANT_SIZES of gguf/constants.py):
 * numbers, blocks that are read here, and others with their size alone.
 */
export const TENSOR_TYPES: ReadonlyMap<number, TensorType> = new Map([
  [0, number('f32', 4)],
  [1, number('f16', 2)],
  [2, blocks('q4_0')],
  [3, unread('q4_1', 32, 20)],
  [6, blocks('q5_0')],
  [7, unread('q5_1', 32, 24)],
  [8, blocks('q8_0')],
  [9, unread('q8_1', 32, 40)],
  [10, unread('q2_k', 256, 84)],
  [11, unread('q3_k', 256, 110)],
  [12, blocks('q4_k')],
  [13, blocks('q5_k')],
  [14, blocks('q6_k')],
  [15, unread('q8_k', 256, 292)],
  [16, unread('iq2_xxs', 256, 66)],
  [17, unread('iq2_xs', 256, 74)],
  [18, unread('iq3_xxs', 256, 98)],
  [19, unread('iq1_s', 256, 50)],
  [20, unread('iq4_nl', 32, 18)],
  [21, unread('iq3_s', 256, 110)],
  [22, unread('iq2_s', 256, 82)],
  [23, unread('iq4_xs', 256, 136)],
  [24, number('i8', 1)],
  [25, number('i16', 2)],
  [26, number('i32', 4)],
  [27, number('i64', 8)],
  [28, number('f64', 8)],
  [29, unread('iq1_m', 256, 56)],
  [30, number('bf16', 2)],
  [34, unread('tq1_0', 256, 54)],
  [35, unread('tq2_0', 256, 66)],
  [39, unread('mxfp4', 32, 17)],
]);
