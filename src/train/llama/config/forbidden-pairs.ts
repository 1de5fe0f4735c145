import { hasMoments, OPTIMIZER_NAMES } from './optimizer-names.ts';
import { type Combination, givenOf, type Pair, typeOf } from './pair.ts';
import { SCHEDULE_PAIRS } from './schedule-pairs.ts';
import type { TrainingConfigFault } from './training-config-error.ts';
import { TRAINING_TYPES } from './types.ts';

const BITSANDBYTES = [
  ...['load_in_4bit', 'bnb_4bit_quant_type', 'bnb_4bit_use_double_quant'],
  ...['llm_int8_skip_modules', 'llm_int8_threshold'],
];
const HQQ = ['nbits', 'group_size', 'axis', 'skip_modules'];
const MOMENTS = ['adam_beta1', 'adam_beta2', 'adam_epsilon'];
const OF_SGD = ['momentum', 'dampening', 'nesterov'];

const optimizerOf = ({ fields: { optim } }: Combination) => OPTIMIZER_NAMES[optim];

/** What does not go together, though each is in range. */
export const FORBIDDEN_PAIRS: readonly Pair[] = [
  {
    code: 'two-precisions',
    path: 'bf16',
    meet: ({ fields: { fp16, bf16 } }) => fp16 && bf16,
    message: () => 'fp16 and bf16 are both true',
    suggestion: 'give one of them',
  },
  ...SCHEDULE_PAIRS,
  {
    code: 'moments-of-another-optimizer',
    path: 'adam_beta1',
    meet: (all) => {
      const optimizer = optimizerOf(all);
      return (
        optimizer !== undefined && !hasMoments(optimizer) && givenOf(MOMENTS, all.given).length > 0
      );
    },
    message: (all) =>
      `${givenOf(MOMENTS, all.given).join(' and ')} are of Adam, not of ${all.fields.optim}`,
    suggestion: 'leave them out',
    without: MOMENTS,
  },
  {
    code: 'momentum-of-another-optimizer',
    path: 'momentum',
    meet: (all) => {
      const optimizer = optimizerOf(all);
      return (
        optimizer !== undefined && optimizer !== 'sgd' && givenOf(OF_SGD, all.given).length > 0
      );
    },
    message: (all) =>
      `${givenOf(OF_SGD, all.given).join(' and ')} are of sgd, not of ${all.fields.optim}`,
    suggestion: 'leave them out',
    without: OF_SGD,
  },
  {
    code: 'nesterov-without-momentum',
    path: 'nesterov',
    meet: ({ fields: { nesterov = false, momentum = 0, dampening = 0 } }) =>
      nesterov && (momentum === 0 || dampening !== 0),
    message: () => 'nesterov needs a momentum above 0 and no dampening, as in torch',
    suggestion: 'give momentum',
  },
  {
    code: 'scaling-without-its-optimizer',
    path: 'fp16',
    meet: (all) => all.fields.fp16 && optimizerOf(all) === 'adadelta',
    message: ({ fields: { optim } }) => `fp16 scales the loss, which ${optim} does not know`,
    suggestion: 'give adamw_torch, adam, sgd or adamw_8bit, or bf16',
  },
  {
    code: 'fused-with-offload',
    path: 'optim',
    meet: ({ fields: { optim, use_cpu_offload } }) => optim.endsWith('_fused') && use_cpu_offload,
    message: ({ fields: { optim } }) =>
      `${optim} updates what lies on the device, and use_cpu_offload keeps it on the host`,
    suggestion: 'give adamw_torch, which computes the same',
  },
  {
    code: 'strategy-without-packing',
    path: 'packing_strategy',
    meet: ({ fields }) => fields.packing_strategy !== undefined && !fields.packing,
    message: () => 'packing_strategy is given, and packing is not true',
    suggestion: 'give packing, or leave it out',
  },
  {
    code: 'adapter-of-full',
    path: 'lora',
    meet: ({ what, given }) => !what.adapter && given['lora'] != null,
    message: ({ fields }) => `lora is given, and ${fields.type} trains weights themselves`,
    suggestion: 'leave it out, or give type "lora"',
  },
  {
    code: 'targets-of-full',
    path: 'lora_target_modules',
    meet: ({ what, given }) => !what.adapter && given['lora_target_modules'] != null,
    message: ({ fields }) =>
      `lora_target_modules is given, and ${fields.type} trains weights themselves`,
    suggestion: 'leave it out, or give type "lora"',
  },
  {
    code: 'two-lists-of-targets',
    path: 'lora_target_modules',
    meet: ({ lora, fields }) =>
      fields.lora_target_modules !== undefined && lora?.target_modules !== undefined,
    message: () => 'lora_target_modules and target_modules are given, which name the same',
    suggestion: 'give one of them',
  },
  {
    code: 'expansion-of-another-type',
    path: 'expansion_rate',
    meet: ({ what, given }) => !what.expands && given['expansion_rate'] != null,
    message: ({ fields }) => `expansion_rate is given, and ${fields.type} adds no blocks`,
    suggestion: 'leave it out, or give type "bnb_llama_pro" or "hqq_llama_pro"',
  },
  {
    code: 'codes-of-floats',
    path: 'quantization',
    meet: ({ what, given }) => !what.base && given['quantization'] != null,
    message: ({ fields }) =>
      `quantization is given, and the base of ${fields.type} stays in floats`,
    suggestion: 'leave it out, or give type "qlora"',
  },
  {
    code: 'codes-of-hqq',
    path: 'quantization.nbits',
    meet: ({ what, quantization }) =>
      what.base === 'bitsandbytes' && givenOf(HQQ, quantization).length > 0,
    message: ({ fields, quantization }) =>
      `${givenOf(HQQ, quantization).join(' and ')} are of HQQ, and ${fields.type} has 4 bits of bitsandbytes`,
    suggestion: 'leave them out, or give type "hqq_lora"',
    without: HQQ.map((name) => `quantization.${name}`),
  },
  {
    code: 'codes-of-bitsandbytes',
    path: 'quantization.bnb_4bit_quant_type',
    meet: ({ what, given }) =>
      what.base === 'hqq' && givenOf(BITSANDBYTES, given['quantization']).length > 0,
    message: ({ fields, given }) =>
      `${givenOf(BITSANDBYTES, given['quantization']).join(' and ')} are of bitsandbytes, and ${fields.type} has HQQ`,
    suggestion: 'leave them out, or give type "qlora"',
    without: BITSANDBYTES.map((name) => `quantization.${name}`),
  },
  {
    code: 'base-not-in-4-bits',
    path: 'quantization.load_in_4bit',
    meet: ({ quantization }) => quantization?.load_in_4bit === false,
    message: () => 'load_in_4bit is false, and the base is in 4 bits',
    suggestion: 'leave it out, or give type "lora"',
  },
  {
    code: 'dora-apart',
    path: 'lora.use_dora',
    meet: ({ what, lora }) => what.adapter === 'apart' && lora?.use_dora === true,
    message: ({ fields }) => `use_dora is not there for ${fields.type}`,
    suggestion: 'give type "hqq_dora", "bnb_dora", or "lora" and "qlora" with use_dora',
  },
  {
    code: 'dora-without-dora',
    path: 'lora.use_dora',
    meet: ({ what, lora }) => what.adapter === 'dora' && lora?.use_dora === false,
    message: ({ fields }) => `use_dora is false, and ${fields.type} is DoRA`,
    suggestion: 'leave it out, or give type "qlora" or "hqq_lora"',
  },
  {
    code: 'bias-of-dora',
    path: 'lora.lora_bias',
    meet: ({ what, lora }) =>
      lora?.lora_bias === true && (lora.use_dora === true || what.adapter === 'dora'),
    message: () => 'lora_bias is true, and DoRA has no bias within, in PEFT neither',
    suggestion: 'leave it out, or give bias "lora_only"',
  },
  {
    code: 'bias-apart',
    path: 'lora.lora_bias',
    meet: ({ what, lora }) => what.adapter === 'apart' && lora?.lora_bias === true,
    message: ({ fields }) => `lora_bias is true, for which the file of ${fields.type} has no place`,
    suggestion: 'leave it out, or give type "lora" or "qlora"',
  },
  {
    code: 'blocks-of-an-expression',
    path: 'lora.layers_to_transform',
    meet: ({ lora }) =>
      typeof lora?.target_modules === 'string' && lora.layers_to_transform !== undefined,
    message: () => 'layers_to_transform is given, and target_modules is an expression',
    suggestion: 'name the blocks in it, or give a list of names',
  },
  {
    code: 'pattern-without-blocks',
    path: 'lora.layers_pattern',
    meet: ({ lora }) =>
      lora !== undefined &&
      lora.layers_pattern !== undefined &&
      lora.layers_pattern.length > 0 &&
      lora.layers_to_transform === undefined,
    message: () => 'layers_pattern is given, and layers_to_transform is not',
    suggestion: 'give both, or none of them',
  },
];

/** What does not go together in a configuration. */
export function forbiddenPairs(all: Combination): readonly TrainingConfigFault[] {
  const type = typeOf(all);
  // Of a type that is none nothing else is asked.
  if (type === undefined) return [];
  const what = TRAINING_TYPES[type];
  return FORBIDDEN_PAIRS.filter(({ meet }) => meet({ ...all, what })).map(
    ({ code, path, message, suggestion, without }) => ({
      ...{ code, path, suggestion, without },
      message: message(all),
    }),
  );
}
