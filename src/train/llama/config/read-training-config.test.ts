import { describe, expect, test } from 'vitest';
import { covers } from '../../../catalog/covers.ts';
import type { JsonObject } from '../../../formats/strict-json.ts';
import { continuedConfig } from './continued-config.ts';
import { FORBIDDEN_PAIRS } from './forbidden-pairs.ts';
import { NEUTRAL_OF_LORA } from './lora-fields.ts';
import { NEUTRAL_OF_CODES } from './quantization-fields.ts';
import { readTrainingConfig, trainingConfigOf } from './read-training-config.ts';
import { repairedConfig } from './repaired-config.ts';
import { TrainingConfigError, type TrainingConfigFault } from './training-config-error.ts';
import { LATER_FIELDS } from './training-fields.ts';
import { TRAINING_TYPES, type TrainingType } from './types.ts';

const faultsOf = (given: object) => {
  try {
    trainingConfigOf(given as JsonObject);
  } catch (error) {
    if (error instanceof TrainingConfigError) return error.faults;
    throw error;
  }
  return [];
};
const told = (given: object) => faultsOf(given).map(({ code, path }) => `${code} ${path}`);

/** Every field with a value that it cannot have, and the code and path of that. */
const FIELDS: readonly (readonly [given: object, fault: string])[] = [
  [{ type: 'qlora2' }, 'bad-type type'],
  [{ model: '' }, 'bad-model model'],
  [{ data: 7 }, 'bad-data data'],
  [{ dataset_format: 7 }, 'bad-dataset-format dataset_format'],
  [{ dataset_format: 'xml' }, 'bad-dataset-format dataset_format'],
  [{ optim: 'adamw_fast' }, 'bad-optim optim'],
  [{ optim: 'lion_8bit' }, 'unsupported-optim optim'],
  [{ learning_rate: -1e-4 }, 'bad-learning-rate learning_rate'],
  [{ learning_rate: 'fast' }, 'bad-learning-rate learning_rate'],
  [{ weight_decay: -1 }, 'bad-weight-decay weight_decay'],
  [{ adam_beta1: 1 }, 'bad-adam-beta1 adam_beta1'],
  [{ adam_beta2: -0.1 }, 'bad-adam-beta2 adam_beta2'],
  [{ adam_epsilon: 0 }, 'bad-adam-epsilon adam_epsilon'],
  [{ optim: 'sgd', momentum: 1 }, 'bad-momentum momentum'],
  [{ optim: 'sgd', dampening: 2 }, 'bad-dampening dampening'],
  [{ optim: 'sgd', momentum: 0.9, nesterov: 1 }, 'bad-nesterov nesterov'],
  [{ lr_scheduler_type: 'stairs' }, 'bad-lr-scheduler-type lr_scheduler_type'],
  [{ lr_scheduler_type: 'greedy' }, 'unsupported-lr-scheduler-type lr_scheduler_type'],
  [{ lr_scheduler_kwargs: 3 }, 'bad-lr-scheduler-kwargs lr_scheduler_kwargs'],
  ...(
    [
      ['cosine', { num_cycles: -1 }],
      ['cosine_with_min_lr', { min_lr: -1, min_lr_rate: null }],
      ['cosine_with_min_lr', { min_lr_rate: 2 }],
      ['polynomial', { lr_end: 'low' }],
      ['polynomial', { power: 0 }],
      ['inverse_sqrt', { timescale: 0.5 }],
      ['exponential', { gamma: 0 }],
      ['warmup_stable_decay', { num_decay_steps: 0 }],
      ['warmup_stable_decay', { num_stable_steps: -1, num_decay_steps: 3 }],
      ['warmup_stable_decay', { warmup_type: 'sine', num_decay_steps: 3 }],
      ['warmup_stable_decay', { decay_type: 'sine', num_decay_steps: 3 }],
      ['warmup_stable_decay', { min_lr_ratio: 2, num_decay_steps: 3 }],
    ] as const
  ).map(([lr_scheduler_type, lr_scheduler_kwargs]) => {
    const [name] = Object.keys(lr_scheduler_kwargs) as [string];
    const path = `lr_scheduler_kwargs.${name}`;
    const given = { lr_scheduler_type, lr_scheduler_kwargs };
    return [given, `bad-lr-scheduler-kwargs-${name.replaceAll('_', '-')} ${path}`] as const;
  }),
  [{ lr_scheduler_kwargs: { step_size: 2 } }, 'unknown-field lr_scheduler_kwargs.step_size'],
  [{ lr_scheduler_type: 'cosine', num_cycles: -1 }, 'bad-num-cycles num_cycles'],
  [{ warmup_steps: -1 }, 'bad-warmup-steps warmup_steps'],
  [{ warmup_ratio: 2 }, 'bad-warmup-ratio warmup_ratio'],
  [{ max_grad_norm: -1 }, 'bad-max-grad-norm max_grad_norm'],
  [
    { per_device_train_batch_size: 0 },
    'bad-per-device-train-batch-size per_device_train_batch_size',
  ],
  [
    { gradient_accumulation_steps: 1.5 },
    'bad-gradient-accumulation-steps gradient_accumulation_steps',
  ],
  [{ num_train_epochs: 0 }, 'bad-num-train-epochs num_train_epochs'],
  [{ max_steps: 0 }, 'bad-max-steps max_steps'],
  [{ max_length: 0 }, 'bad-max-length max_length'],
  [{ packing: 'yes' }, 'bad-packing packing'],
  [{ packing: true, packing_strategy: 'first' }, 'bad-packing-strategy packing_strategy'],
  [{ packing: true, packing_strategy: 'wrapped' }, 'unsupported-packing-strategy packing_strategy'],
  [{ fp16: 1 }, 'bad-fp16 fp16'],
  [{ bf16: 'x' }, 'bad-bf16 bf16'],
  [{ gradient_checkpointing: 0 }, 'bad-gradient-checkpointing gradient_checkpointing'],
  [{ use_cpu_offload: 'yes' }, 'bad-use-cpu-offload use_cpu_offload'],
  [{ lora_target_modules: 'all-linear' }, 'bad-lora-target-modules lora_target_modules'],
  [{ seed: -1 }, 'bad-seed seed'],
  [{ eval_steps: 0 }, 'bad-eval-steps eval_steps'],
  [{ heldout_fraction: 1 }, 'bad-heldout-fraction heldout_fraction'],
  [{ judge_steps: -1 }, 'bad-judge-steps judge_steps'],
  [{ type: 'bnb_llama_pro', expansion_rate: 0 }, 'bad-expansion-rate expansion_rate'],
  [{ type: 'hqq_llama_pro', expansion_rate: 1.5 }, 'bad-expansion-rate expansion_rate'],
  [{ lora: 5 }, 'bad-lora lora'],
  [{ lora: { r: 0 } }, 'bad-lora-r lora.r'],
  [{ lora: { lora_alpha: 0 } }, 'bad-lora-lora-alpha lora.lora_alpha'],
  [{ lora: { lora_dropout: 1 } }, 'bad-lora-lora-dropout lora.lora_dropout'],
  [{ lora: { target_modules: 7 } }, 'bad-lora-target-modules lora.target_modules'],
  [{ lora: { target_modules: '.*(q_proj' } }, 'bad-lora-target-modules lora.target_modules'],
  [{ lora: { exclude_modules: [7] } }, 'bad-lora-exclude-modules lora.exclude_modules'],
  [{ lora: { exclude_modules: '*proj' } }, 'bad-lora-exclude-modules lora.exclude_modules'],
  [
    { lora: { layers_to_transform: [-1] } },
    'bad-lora-layers-to-transform lora.layers_to_transform',
  ],
  [
    { lora: { layers_to_transform: 1, layers_pattern: 2 } },
    'bad-lora-layers-pattern lora.layers_pattern',
  ],
  [
    { lora: { layers_to_transform: 1, layers_pattern: ['layers', 'h['] } },
    'bad-lora-layers-pattern lora.layers_pattern',
  ],
  [{ lora: { rank_pattern: { q_proj: 0 } } }, 'bad-lora-rank-pattern lora.rank_pattern'],
  [{ lora: { rank_pattern: { '(': 4 } } }, 'bad-lora-rank-pattern lora.rank_pattern'],
  [{ lora: { alpha_pattern: { q_proj: '2' } } }, 'bad-lora-alpha-pattern lora.alpha_pattern'],
  [
    { lora: { alpha_pattern: { q_proj: 4, '(?P<a>q)': 2 } } },
    'bad-lora-alpha-pattern lora.alpha_pattern',
  ],
  [{ lora: { use_rslora: 2 } }, 'bad-lora-use-rslora lora.use_rslora'],
  [{ lora: { use_dora: 'no' } }, 'bad-lora-use-dora lora.use_dora'],
  [{ lora: { peft_type: 'IA3' } }, 'bad-lora-peft-type lora.peft_type'],
  [{ lora: { task_type: 'SEQ_CLS' } }, 'bad-lora-task-type lora.task_type'],
  [{ lora: { bias: 'norms' } }, 'bad-lora-bias lora.bias'],
  [{ lora: { lora_bias: 'all' } }, 'bad-lora-lora-bias lora.lora_bias'],
  [{ lora: { modules_to_save: 'lm_head' } }, 'bad-lora-modules-to-save lora.modules_to_save'],
  [{ lora: { modules_to_save: [''] } }, 'bad-lora-modules-to-save lora.modules_to_save'],
  [{ lora: { modules_to_save: ['norm', '('] } }, 'bad-lora-modules-to-save lora.modules_to_save'],
  [
    { lora: { init_lora_weights: 'pissa' } },
    'unsupported-lora-init-lora-weights lora.init_lora_weights',
  ],
  [{ lora: { fan_in_fan_out: true } }, 'unsupported-lora-fan-in-fan-out lora.fan_in_fan_out'],
  [
    { lora: { layer_replication: [[0, 2]] } },
    'unsupported-lora-layer-replication lora.layer_replication',
  ],
  [{ lora: { rank: 4 } }, 'unknown-field lora.rank'],
  [{ quantization: [] }, 'bad-quantization quantization'],
  [
    { quantization: { load_in_4bit: 4 } },
    'bad-quantization-load-in-4bit quantization.load_in_4bit',
  ],
  [
    { quantization: { bnb_4bit_quant_type: 'nf3' } },
    'bad-quantization-bnb-4bit-quant-type quantization.bnb_4bit_quant_type',
  ],
  [
    { quantization: { llm_int8_skip_modules: 'q_proj' } },
    'bad-quantization-llm-int8-skip-modules quantization.llm_int8_skip_modules',
  ],
  [
    { quantization: { llm_int8_threshold: -1 } },
    'bad-quantization-llm-int8-threshold quantization.llm_int8_threshold',
  ],
  [
    { quantization: { bnb_4bit_use_double_quant: 'yes' } },
    'bad-quantization-bnb-4bit-use-double-quant quantization.bnb_4bit_use_double_quant',
  ],
  [
    { quantization: { bnb_4bit_compute_dtype: 'bfloat16' } },
    'unsupported-quantization-bnb-4bit-compute-dtype quantization.bnb_4bit_compute_dtype',
  ],
  [
    { quantization: { load_in_8bit: true } },
    'unsupported-quantization-load-in-8bit quantization.load_in_8bit',
  ],
  [{ type: 'hqq_lora', quantization: { nbits: 5 } }, 'bad-quantization-nbits quantization.nbits'],
  [
    { type: 'hqq_lora', quantization: { group_size: 7 } },
    'bad-quantization-group-size quantization.group_size',
  ],
  [{ type: 'hqq_lora', quantization: { axis: 2 } }, 'bad-quantization-axis quantization.axis'],
  [
    { type: 'hqq_lora', quantization: { skip_modules: 1 } },
    'bad-quantization-skip-modules quantization.skip_modules',
  ],
  [{ recovery: 3 }, 'bad-recovery recovery'],
  [{ recovery: { nonfinite_steps: 0 } }, 'bad-recovery-nonfinite-steps recovery.nonfinite_steps'],
  [
    { recovery: { explosion_factor: 0.5 } },
    'bad-recovery-explosion-factor recovery.explosion_factor',
  ],
  [{ recovery: { explosion_steps: 1.5 } }, 'bad-recovery-explosion-steps recovery.explosion_steps'],
  [{ recovery: { rollback_rate: 0 } }, 'bad-recovery-rollback-rate recovery.rollback_rate'],
  [{ recovery: { max_rollbacks: -1 } }, 'bad-recovery-max-rollbacks recovery.max_rollbacks'],
  [{ recovery: { hang_seconds: 0 } }, 'bad-recovery-hang-seconds recovery.hang_seconds'],
  [{ recovery: { retries: 1 } }, 'unknown-field recovery.retries'],
  [{ world_size: 0 }, 'unsupported-world-size world_size'],
  [{ no_sync: true }, 'unsupported-no-sync no_sync'],
  [{ precision: 'bf16' }, 'unsupported-precision precision'],
  [{ fsdp: 'full_shard' }, 'unsupported-fsdp fsdp'],
  [{ learning_rat: 1 }, 'unknown-field learning_rat'],
];

/** Every forbidden pair. */
const PAIRS: readonly (readonly [given: object, fault: string])[] = [
  [{ fp16: true, bf16: true }, 'two-precisions bf16'],
  [{ warmup_steps: 3, warmup_ratio: 0.1 }, 'two-warmups warmup_ratio'],
  [{ warmup_steps: 2.5 }, 'warmup-part-of-a-step warmup_steps'],
  [{ lr_scheduler_type: 'constant', warmup_steps: 3 }, 'warmup-of-constant lr_scheduler_type'],
  [{ num_cycles: 1 }, 'cycles-of-no-cosine num_cycles'],
  [
    { lr_scheduler_type: 'cosine', num_cycles: 1, lr_scheduler_kwargs: { num_cycles: 2 } },
    'two-numbers-of-cycles num_cycles',
  ],
  [{ lr_scheduler_kwargs: { power: 2 } }, 'kwargs-of-another-schedule lr_scheduler_kwargs'],
  [{ lr_scheduler_type: 'exponential' }, 'schedule-without-its-kwargs lr_scheduler_kwargs'],
  [
    {
      lr_scheduler_type: 'cosine_with_min_lr',
      lr_scheduler_kwargs: { min_lr: 1e-5, min_lr_rate: 0.1 },
    },
    'two-least-rates lr_scheduler_kwargs.min_lr_rate',
  ],
  [
    { lr_scheduler_type: 'polynomial', learning_rate: 1e-7 },
    'end-above-start lr_scheduler_kwargs.lr_end',
  ],
  [{ optim: 'sgd', adam_beta1: 0.9 }, 'moments-of-another-optimizer adam_beta1'],
  [{ momentum: 0.9 }, 'momentum-of-another-optimizer momentum'],
  [{ optim: 'sgd', nesterov: true }, 'nesterov-without-momentum nesterov'],
  [{ fp16: true, optim: 'adadelta' }, 'scaling-without-its-optimizer fp16'],
  [{ optim: 'adamw_torch_fused', use_cpu_offload: true }, 'fused-with-offload optim'],
  [{ packing_strategy: 'bfd' }, 'strategy-without-packing packing_strategy'],
  [{ type: 'full', lora: {} }, 'adapter-of-full lora'],
  [{ type: 'full', lora_target_modules: 'all' }, 'targets-of-full lora_target_modules'],
  [
    { lora_target_modules: 'all', lora: { target_modules: 'all-linear' } },
    'two-lists-of-targets lora_target_modules',
  ],
  [{ expansion_rate: 0.5 }, 'expansion-of-another-type expansion_rate'],
  [{ type: 'lora', quantization: {} }, 'codes-of-floats quantization'],
  [{ quantization: { nbits: 3 } }, 'codes-of-hqq quantization.nbits'],
  [
    { type: 'hqq_lora', quantization: { bnb_4bit_quant_type: 'nf4' } },
    'codes-of-bitsandbytes quantization.bnb_4bit_quant_type',
  ],
  [{ quantization: { load_in_4bit: false } }, 'base-not-in-4-bits quantization.load_in_4bit'],
  [{ type: 'custom_lora', lora: { use_dora: true } }, 'dora-apart lora.use_dora'],
  [{ type: 'bnb_dora', lora: { use_dora: false } }, 'dora-without-dora lora.use_dora'],
  [{ type: 'bnb_dora', lora: { lora_bias: true } }, 'bias-of-dora lora.lora_bias'],
  [{ type: 'hqq_lora', lora: { lora_bias: true } }, 'bias-apart lora.lora_bias'],
  [
    { lora: { target_modules: 'all-linear', layers_to_transform: [0] } },
    'blocks-of-an-expression lora.layers_to_transform',
  ],
  [{ lora: { layers_pattern: 'layers' } }, 'pattern-without-blocks lora.layers_pattern'],
];

describe('a configuration', () => {
  test(
    'that is invalid is refused by a code, a path and a suggestion, for every field and pair',
    covers(
      'fsdp.backend.configuration-validation/own-error-code',
      'fsdp.backend.configuration-validation/field-path',
      'fsdp.backend.configuration-validation/suggestion',
    ).control('every value that is out of range has the same code', {
      file: 'src/train/llama/config/training-config-error.ts',
      from: "path.replace(/[^a-z0-9]+/gi, '-').toLowerCase()",
      to: 'path.slice(0, 0)',
    }),
    () => {
      for (const [given, fault] of [...FIELDS, ...PAIRS]) {
        expect(told(given), JSON.stringify(given)).toEqual([fault]);
        const { message, suggestion } = faultsOf(given)[0] as TrainingConfigFault;
        expect(message).not.toBe('');
        expect(suggestion).not.toBe('');
        expect(`${message}${suggestion}`).not.toContain('\n');
      }
    },
  );

  test(
    'that no library would take, or this engine, is in the table',
    covers('fsdp.backend.configuration-validation/invalid-table').control(
      'what is fused is taken with offload',
      {
        file: 'src/train/llama/config/forbidden-pairs.ts',
        from: "optim.endsWith('_fused') && use_cpu_offload",
        to: "optim.endsWith('_fused ') && use_cpu_offload",
      },
    ),
    () => {
      const table = [
        [{ learning_rate: -1e-4 }, 'bad-learning-rate'],
        [{ type: 'qlora', quantization: { nbits: 3 } }, 'codes-of-hqq'],
        [{ precision: 'bf16' }, 'unsupported-precision'],
        [{ optim: 'adamw_torch_fused', use_cpu_offload: true }, 'fused-with-offload'],
        [{ world_size: 0 }, 'unsupported-world-size'],
        [{ lora: { r: 0 } }, 'bad-lora-r'],
        [{ type: 'qlora2' }, 'bad-type'],
        [{ no_sync: true, gradient_accumulation_steps: 1 }, 'unsupported-no-sync'],
      ] as const;
      for (const [given, code] of table)
        expect(faultsOf(given).map((fault) => fault.code)).toEqual([code]);
      const all = [...FIELDS, ...PAIRS];
      expect(all.length).toBeGreaterThan(100);
      for (const [given] of all) expect(() => trainingConfigOf(given as JsonObject)).toThrow();
    },
  );

  test('that is invalid has an example for every field that there is', () => {
    const listedBy = (given: object) => {
      const [fault] = faultsOf(given).filter(({ code }) => code === 'unknown-field');
      const { path, suggestion } = fault as TrainingConfigFault;
      const at = path.slice(0, -'nothing'.length);
      return suggestion
        .replace('there are ', '')
        .split(', ')
        .map((name) => at + name);
    };
    const parts = ['lora', 'quantization', 'lr_scheduler_kwargs', 'recovery'];
    const fields = [
      ...listedBy({ nothing: 1 }),
      ...parts.flatMap((part) => listedBy({ [part]: { nothing: 1 } })),
    ];
    expect(fields.length).toBeGreaterThan(60);
    const tried = new Set(FIELDS.map(([, fault]) => fault.split(' ')[1]));
    expect(fields.filter((field) => !tried.has(field))).toEqual([]);
  });

  test('is refused for every field of the libraries that is not done here', () => {
    const code = (path: string) => `unsupported-${path.replaceAll(/[._]/g, '-')} ${path}`;
    for (const name of Object.keys(LATER_FIELDS)) expect(told({ [name]: 1 })).toEqual([code(name)]);
    for (const [part, neutral] of [
      ['lora', NEUTRAL_OF_LORA],
      ['quantization', NEUTRAL_OF_CODES],
    ] as const)
      for (const [name, values] of Object.entries(neutral)) {
        expect(told({ [part]: { [name]: 'other' } })).toEqual([code(`${part}.${name}`)]);
        for (const value of values) expect(told({ [part]: { [name]: value } })).toEqual([]);
      }
  });

  test('that holds a forbidden pair has an example for every pair', () => {
    const tried = PAIRS.map(([, fault]) => fault).toSorted();
    expect(tried).toEqual(FORBIDDEN_PAIRS.map(({ code, path }) => `${code} ${path}`).toSorted());
  });

  test('weight decay goes with every type, whether or not it trains norms and biases', () => {
    const lora = { bias: 'all', modules_to_save: ['norm'] };
    for (const given of [{ type: 'full' }, { type: 'hqq_llama_pro' }, { type: 'lora', lora }])
      expect(told({ weight_decay: 0.1, ...given })).toEqual([]);
  });

  test('every pair has a code of its own', () => {
    const codes = PAIRS.map(([, fault]) => fault.split(' ')[0]);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test(
    'of numbers that no training has is refused',
    covers('tb.recovery.invalid-configuration/numeric-fields').control('any number is in range', {
      file: 'src/formats/hugging-face/fields.ts',
      from: "(x) => typeof x === 'number' && x >= least && x <= most,",
      to: "(x) => typeof x === 'number',",
    }),
    () => {
      for (const learning_rate of [-1, Number.NaN, Number.POSITIVE_INFINITY])
        expect(told({ learning_rate })).toEqual(['bad-learning-rate learning_rate']);
      for (const size of [0, 1.5])
        expect(told({ per_device_train_batch_size: size })).toEqual([
          'bad-per-device-train-batch-size per_device_train_batch_size',
        ]);
      expect(told({ gradient_accumulation_steps: -1 })).toEqual([
        'bad-gradient-accumulation-steps gradient_accumulation_steps',
      ]);
      expect(told({ num_train_epochs: 0 })).toEqual(['bad-num-train-epochs num_train_epochs']);
      expect(told({ early_stopping_patience: -1 })).toEqual([
        'unsupported-early-stopping-patience early_stopping_patience',
      ]);
    },
  );

  test(
    'is right without what is wrong with it',
    covers('tb.recovery.invalid-configuration/suggested-fix-validates').control(
      'all of lora is left out with one value of it',
      {
        file: 'src/train/llama/config/repaired-config.ts',
        from: "return { ...rest, [outer]: withoutPath(part, inner.join('.')) };",
        to: 'return rest;',
      },
    ),
    () => {
      const long = 'x'.repeat(100);
      const all = {
        ...Object.assign({}, ...[...FIELDS, ...PAIRS].map(([given]) => given)),
        ...{ [long]: 1, 'lora.r': 2, lora: { 'a.b': 1, r: 0, lora_alpha: 7 }, seed: 3 },
      };
      for (const given of [...FIELDS.map(([one]) => one), ...PAIRS.map(([one]) => one), all]) {
        const repaired = repairedConfig(given as JsonObject);
        expect(faultsOf(repaired), JSON.stringify(given)).toEqual([]);
      }
      expect(repairedConfig(all)).toMatchObject({ seed: 3, lora: { lora_alpha: 7 } });
      const right = { type: 'lora', lora: { r: 4 }, learning_rate: 1e-3 };
      expect(repairedConfig({ ...right, nothing: 1, weight_decay: -1 })).toEqual(right);
    },
  );

  test(
    'tells all its faults at once, those of pairs beside those of fields',
    covers('tb.recovery.invalid-configuration/reported-together').control('those of lora are not', {
      file: 'src/train/llama/config/read-training-config.ts',
      from: '[top, lora, quantization, kwargs, recovery]',
      to: '[top, quantization, kwargs, recovery]',
    }),
    () => {
      const given = {
        learning_rate: -1,
        fp16: true,
        bf16: true,
        lora: { r: 0, bias: 'all', use_qalora: true },
        quantization: { nbits: 3, axis: 7 },
        nothing: 1,
      };
      expect(told(given)).toEqual([
        'bad-learning-rate learning_rate',
        'unknown-field nothing',
        'bad-lora-r lora.r',
        'unsupported-lora-use-qalora lora.use_qalora',
        'bad-quantization-axis quantization.axis',
        'two-precisions bf16',
        'codes-of-hqq quantization.nbits',
      ]);
      expect(() => trainingConfigOf(given)).toThrow(/^[^\n]+(\n[^\n]+){6}$/);
      expect(() => trainingConfigOf(given)).toThrow(
        'learning_rate is -1: it must be a number from 1e-12 to 1000\n',
      );
      expect(() => trainingConfigOf(given)).toThrow(
        '\nlora.r is 0: it must be a whole number from 1 to ',
      );
    },
  );

  test('nothing else is asked of a type that is none', () => {
    expect(told({ type: 'hqq', quantization: { nbits: 3 } })).toEqual(['bad-type type']);
  });

  test('what is left out is as in the libraries', () => {
    expect(readTrainingConfig('{}')).toMatchObject({
      type: 'qlora',
      adapter: { rules: { r: 8, lora_alpha: 8 }, dropout: 0, use_dora: false, apart: false },
      base: { options: { method: 'nf4' }, skip: [] },
      optimizer: { optimizer: 'adamw', lr: 2e-4, weight_decay: 0, betas: [0.9, 0.999], eps: 1e-8 },
      schedule: { name: 'linear' },
      warmup: { share: 0 },
      maxGradNorm: 1,
      batchSize: 1,
      accumulation: 1,
      steps: undefined,
      epochs: 3,
      precision: 'fp32',
      seed: 42,
    });
    expect(() => readTrainingConfig('[')).toThrow('the file is not JSON');
  });

  test.each([
    ['full', undefined, undefined],
    ['lora', { apart: false, use_dora: false }, undefined],
    ['custom_lora', { apart: true, use_dora: false }, undefined],
    ['qlora', { apart: false, use_dora: false }, { method: 'nf4' }],
    ['custom_qlora', { apart: true, use_dora: false }, { method: 'nf4' }],
    [
      'hqq_lora',
      { apart: true, use_dora: false },
      { method: 'hqq', bits: 4, groupSize: 64, axis: 1 },
    ],
    ['hqq_dora', { apart: false, use_dora: true }, { method: 'hqq' }],
    ['bnb_dora', { apart: false, use_dora: true }, { method: 'nf4' }],
    ['bnb_llama_pro', undefined, { method: 'nf4' }],
    ['hqq_llama_pro', undefined, { method: 'hqq', bits: 4, groupSize: 64, axis: 1 }],
  ])('type %s has its adapter and its base', (type, adapter, base) => {
    const config = trainingConfigOf({ type });
    if (adapter) expect(config.adapter).toMatchObject(adapter);
    else expect(config.adapter).toBeUndefined();
    if (base) expect(config.base?.options).toMatchObject(base);
    else expect(config.base).toBeUndefined();
    expect(config.expansionRate).toBe(type.endsWith('_pro') ? 0.1 : undefined);
  });

  test('optimizers, schedules and precisions go by the names of libraries', () => {
    const of = (given: object) => trainingConfigOf(given as JsonObject);
    expect(of({ optim: 'paged_adamw_8bit' }).optimizer.optimizer).toBe('adamw8bit');
    expect(of({ optim: 'paged_adamw_32bit' }).optimizer.optimizer).toBe('adamw');
    const offloads = [{}, { optim: 'paged_adamw' }, { optim: 'sgd', use_cpu_offload: true }];
    expect(offloads.map((given) => of(given).offload)).toEqual([undefined, 'optimizer', 'all']);
    expect(of({ optim: 'sgd', momentum: 0.9, nesterov: true }).optimizer).toEqual({
      ...{ optimizer: 'sgd', lr: 2e-4, weight_decay: 0, momentum: 0.9, nesterov: true },
    });
    expect(of({ optim: 'adadelta' }).optimizer).toEqual({
      ...{ optimizer: 'adadelta', lr: 2e-4, weight_decay: 0 },
    });
    expect(of({ lr_scheduler_type: 'constant_with_warmup', warmup_ratio: 0.1 })).toMatchObject({
      schedule: { name: 'constant' },
      warmup: { share: 0.1 },
    });
    expect(of({ bf16: true }).precision).toBe('bf16');
    expect(of({ fp16: true, optim: 'adamw_8bit' }).precision).toBe('fp16');
    expect(of({ lora: { lora_dropout: 0.1 } }).adapter).toMatchObject({
      apart: true,
      dropout: 0.1,
    });
    expect(of({ lora: { use_dora: true, lora_dropout: 0.1 } }).adapter).toMatchObject({
      ...{ apart: false, dropout: 0.1, use_dora: true },
    });
    const doubled = { quantization: { bnb_4bit_use_double_quant: true } };
    expect(of(doubled).base?.options).toEqual({ method: 'nf4', quantScale: true });
    expect(of({ lora: { bias: 'none', modules_to_save: null, peft_version: '9' } }).type).toBe(
      'qlora',
    );
  });

  test('a saved adapter brings its own rules, and is refused by a type that trains none of its sort', () => {
    const beside = { bias: 'none', lora_bias: false, modules_to_save: [] } as const;
    const saved = { r: 2, lora_alpha: 4, lora_dropout: 0, use_rslora: true, ...beside };
    const config = continuedConfig(trainingConfigOf({ lora: { r: 9 } }), saved);
    expect(config.adapter).toMatchObject({ rules: { r: 2, lora_alpha: 4 }, use_rslora: true });
    const dora = { ...saved, use_dora: true };
    expect(continuedConfig(trainingConfigOf({ type: 'lora' }), dora).adapter?.use_dora).toBe(true);
    const refused = [
      ['full', saved],
      ['bnb_llama_pro', saved],
      ['custom_lora', dora],
      ['custom_lora', { ...saved, lora_bias: true }],
      ['bnb_dora', saved],
    ] as const;
    for (const [type, fields] of refused)
      expect(() => continuedConfig(trainingConfigOf({ type }), fields)).toThrow(
        'the saved adapter is',
      );
  });
});

test(
  'widths of codes are HQQ’s: a type without its base takes none, 4 bits neither',
  covers('fsdp.training.type-hqq-lora/n-bits-rejected').control('widths are of every base', {
    file: 'src/train/llama/config/forbidden-pairs.ts',
    from: "['nbits', 'group_size', 'axis', 'skip_modules']",
    to: "['group_size', 'axis', 'skip_modules']",
  }),
  () => {
    for (const nbits of [2, 3, 4, 8])
      for (const [type, { base }] of Object.entries<TrainingType>(TRAINING_TYPES)) {
        const faults = told({ type, quantization: { nbits } });
        if (base === 'hqq') expect(faults, type).toEqual([]);
        else if (base) expect(faults, type).toEqual(['codes-of-hqq quantization.nbits']);
        else expect(faults, type).toEqual(['codes-of-floats quantization']);
      }
  },
);
