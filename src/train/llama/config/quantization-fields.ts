import * as v from 'valibot';
import { atLeast, flag, oneOf, shown } from '../../../formats/hugging-face/fields.ts';
import { type CheckedObject, checkedObject } from './checked-object.ts';
import { isSkipRule } from './skipped-modules.ts';
import { type TrainingConfigFault, unsupported } from './training-config-error.ts';

const listed = <const N extends number>(numbers: readonly N[]) =>
  v.custom<N>((x) => numbers.some((n) => n === x), `known are ${numbers.join(', ')}`);
/** HQQ's. */
export const GROUP_SIZES = [16, 32, 64, 128, 256] as const;
const skipped = v.custom<readonly string[]>(
  (x) =>
    Array.isArray(x) &&
    x.length <= 4096 &&
    x.every((each) => typeof each === 'string' && isSkipRule(each)),
  'it must be a list of names, or of expressions as JavaScript has them',
);

/** The fields of BitsAndBytesConfig and of HqqConfig that are applied. */
const FIELDS = v.looseObject({
  load_in_4bit: v.optional(flag),
  bnb_4bit_quant_type: v.optional(oneOf(['nf4', 'fp4'])),
  bnb_4bit_use_double_quant: v.optional(flag),
  llm_int8_skip_modules: v.optional(skipped),
  llm_int8_threshold: v.optional(atLeast(0)),
  nbits: v.optional(listed([8, 4, 3, 2, 1])),
  group_size: v.optional(listed(GROUP_SIZES)),
  axis: v.optional(listed([0, 1])),
  skip_modules: v.optional(skipped),
});

/** What is chosen of the base's codes. */
export type QuantizationFields = v.InferOutput<typeof FIELDS>;

/** Values of other fields with which they do nothing. */
export const NEUTRAL_OF_CODES: Readonly<Record<string, readonly unknown[]>> = {
  load_in_8bit: [false],
  bnb_4bit_compute_dtype: ['float32', null],
  bnb_4bit_quant_storage: ['uint8', null],
  llm_int8_enable_fp32_cpu_offload: [false],
  llm_int8_has_fp16_weight: [false],
  view_as_float: [false],
  dynamic_config: [null],
};

export function quantizationFields(value: unknown): CheckedObject<QuantizationFields> {
  return checkedObject(FIELDS, value, 'quantization.', refusalOf);
}

function refusalOf(name: string, given: unknown): TrainingConfigFault | 'neutral' | undefined {
  if (!Object.hasOwn(NEUTRAL_OF_CODES, name)) return undefined;
  const values = NEUTRAL_OF_CODES[name] as readonly unknown[];
  if (values.includes(given)) return 'neutral';
  const path = `quantization.${name}`;
  return {
    code: unsupported(path),
    path,
    message: `${path} is ${shown(given)}, which is not done here`,
    suggestion: `leave it out, or give ${JSON.stringify(values[0])}`,
  };
}
