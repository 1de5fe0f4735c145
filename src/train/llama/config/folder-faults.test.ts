import { describe, expect, test } from 'vitest';
import { Checkpoint } from '../../../formats/hugging-face/checkpoint.ts';
import type { ModelConfig } from '../../../formats/hugging-face/config.ts';
import {
  codedFolder,
  FIXTURE_CODINGS,
  type FixtureCoding,
} from '../../../formats/hugging-face/fixtures/coded-folder.ts';
import { TINY } from '../../../formats/hugging-face/fixtures/tiny-folder.ts';
import { modelConfigIn } from '../../../formats/hugging-face/model-folder.ts';
import { blockLinears } from '../../../models/llama/lora/module-names.ts';
import type { RopeScaling } from '../../../vocabulary/attention/rope-scaling.ts';
import { grownModel, policyOf } from '../open-model.ts';
import { trainingConfigOf } from './read-training-config.ts';
import { repairedConfig } from './repaired-config.ts';
import { TrainingConfigError } from './training-config-error.ts';

const MODEL = {
  ...TINY,
  ...{ hidden: 64, layers: 2, heads: 4, kvHeads: 4, headDim: 16, intermediate: 128 },
};

/** Code and path of what is refused over a folder in codes; `down_proj` is in floats there. */
async function told(coding: FixtureCoding | undefined, quantization: object, more: object = {}) {
  const given = { quantization, ...more } as never;
  try {
    if (!coding) trainingConfigOf(given, { model: MODEL });
    else {
      const isCoded = (name: string) => /_proj/.test(name) && !name.includes('down_proj');
      const folder = codedFolder(MODEL, coding, isCoded);
      const model = await modelConfigIn(folder);
      const { codes } = await Checkpoint.open(folder, model);
      trainingConfigOf(given, { model, codes });
    }
  } catch (error) {
    if (!(error instanceof TrainingConfigError)) throw error;
    return error.faults.map(({ code, path }) => `${code} ${path}`);
  }
  return [];
}

const contradicted = (field: string) => `codes-of-the-folder quantization.${field}`;

describe('codes that a folder has', () => {
  test.each<[FixtureCoding, object, string]>([
    ['nf4', { bnb_4bit_quant_type: 'fp4' }, 'bnb_4bit_quant_type'],
    ['fp4', { bnb_4bit_quant_type: 'nf4' }, 'bnb_4bit_quant_type'],
    ['nf4', { bnb_4bit_use_double_quant: true }, 'bnb_4bit_use_double_quant'],
    ['nf4_double', { bnb_4bit_use_double_quant: false }, 'bnb_4bit_use_double_quant'],
    ['llm_int8', { load_in_4bit: true }, 'load_in_4bit'],
    ['llm_int8', { llm_int8_threshold: 5 }, 'llm_int8_threshold'],
    ['mlx4', { load_in_4bit: true }, 'load_in_4bit'],
    ['q8_0', { bnb_4bit_quant_type: 'nf4' }, 'bnb_4bit_quant_type'],
    ['nf4', { llm_int8_skip_modules: ['down_proj', 'q_proj'] }, 'llm_int8_skip_modules'],
  ])('in %s contradict %j', async (coding, quantization, field) => {
    expect(await told(coding, quantization)).toEqual([contradicted(field)]);
  });

  test('contradict whatever is said of HQQ, which none of them is', async () => {
    const hqq = { nbits: 2, group_size: 64, axis: 1, skip_modules: ['k_proj'] };
    const all = await told('nf4', hqq, { type: 'hqq_lora' });
    expect(all).toEqual(['nbits', 'group_size', 'axis', 'skip_modules'].map(contradicted));
  });

  test.each(FIXTURE_CODINGS)('in %s stay where settings are silent, or agree', async (coding) => {
    for (const type of ['qlora', 'hqq_lora']) expect(await told(coding, {}, { type })).toEqual([]);
    const isFourBits = ['nf4', 'fp4', 'nf4_double'].includes(coding);
    const agreeing = {
      ...(isFourBits ? { load_in_4bit: true, bnb_4bit_quant_type: coding.slice(0, 3) } : {}),
      ...(isFourBits ? { bnb_4bit_use_double_quant: coding === 'nf4_double' } : {}),
      llm_int8_skip_modules: ['lm_head', 'down_proj'],
    };
    expect(await told(coding, agreeing)).toEqual([]);
  });

  test('have a threshold where they are in 8 bits alone', async () => {
    expect(await told('llm_int8', { llm_int8_threshold: 6 })).toEqual([]);
    for (const coding of ['nf4', 'q8_0', undefined] as const)
      expect(await told(coding, { llm_int8_threshold: 5 })).toEqual([]);
    const scheme = { method: 'llm_int8', bits: 8, threshold: 2 } as const;
    const codes = new Map([['model.layers.0.self_attn.q_proj.weight', scheme]]);
    const given = (llm_int8_threshold: number) => ({ quantization: { llm_int8_threshold } });
    expect(() => trainingConfigOf(given(2), { model: MODEL, codes })).not.toThrow();
    expect(() => trainingConfigOf(given(6), { model: MODEL, codes })).toThrow(
      'quantization.llm_int8_threshold is 6, and the folder has model.layers.0.self_attn.q_proj in llm_int8 of 8 bits, with a threshold of 2: leave it out',
    );
  });

  test('are told with the other faults, by the value and what the folder has', async () => {
    const quantization = { bnb_4bit_quant_type: 'fp4' };
    expect(await told('nf4', quantization, { learning_rate: -1 })).toEqual([
      'bad-learning-rate learning_rate',
      contradicted('bnb_4bit_quant_type'),
    ]);
    const codes = new Map([
      ['model.layers.0.self_attn.q_proj.weight', { method: 'nf4', bits: 4 } as const],
    ]);
    const given = { quantization } as never;
    expect(() => trainingConfigOf(given, { model: MODEL, codes })).toThrow(
      'quantization.bnb_4bit_quant_type is "fp4", and the folder has model.layers.0.self_attn.q_proj in nf4 of 4 bits: leave it out',
    );
  });
});

describe('modules that are skipped', () => {
  test('stay in floats by the rule of transformers', () => {
    const skip = ['model.layers.1', 'q_proj', 'mlp'];
    const { rules = [] } = policyOf(grownModel(MODEL, {}), skip);
    expect(rules.map(({ layers }) => layers)).toEqual(
      [...blockLinears(MODEL).keys()].filter(
        (name) => name.startsWith('model.layers.1.') || name.endsWith('q_proj'),
      ),
    );
  });

  test.each([
    ['qlora', 'llm_int8_skip_modules'],
    ['hqq_lora', 'skip_modules'],
  ])('of %s are refused by name where they meet none', async (type, field) => {
    const given = { [field]: ['lm_head', 'qproj', 'model.layers.0', 'vision_tower', 'mlp'] };
    const path = `quantization.${field}`;
    expect(await told(undefined, given, { type })).toEqual([
      `skips-no-module ${path}`,
      `skips-no-module ${path}`,
    ]);
    expect(() => trainingConfigOf({ type, quantization: given }, { model: MODEL })).toThrow(
      `${path} has "qproj", which meets no module: give starts or ends`,
    );
  });

  test('may be of blocks that are added, and are no expression that is none', async () => {
    const skip = (entry: string) => ({ llm_int8_skip_modules: [entry] });
    const more = { type: 'bnb_llama_pro', expansion_rate: 1 };
    expect(await told(undefined, skip('model.layers.3'), more)).toEqual([]);
    expect(await told(undefined, skip('model.layers.3'))).toHaveLength(1);
    expect(await told(undefined, skip('q_(proj'))).toEqual([
      'bad-quantization-llm-int8-skip-modules quantization.llm_int8_skip_modules',
    ]);
  });
});

describe('packing', () => {
  const ropeScaling: RopeScaling = {
    ...{ rope_type: 'longrope', attention_factor: 1, original_max_position_embeddings: 4 },
    ...{ short_factor: [1], long_factor: [2] },
  };
  const packed = (max_length: number, packing = true, model: ModelConfig = TINY) =>
    trainingConfigOf({ packing, max_length }, { model });
  const LONG = { ...TINY, ropeScaling };

  test('is refused in rows beyond the context that positions depend on', () => {
    expect(() => packed(5, true, LONG)).toThrow(
      expect.objectContaining({
        faults: [expect.objectContaining({ code: 'packing-beyond-context', path: 'packing' })],
      }),
    );
    expect(() => packed(5, true, LONG)).toThrow(
      'rows of 5 tokens are longer than the context of 4, beyond which longrope positions of the model depend on the longest text: give a max_length of at most 4, or leave it out',
    );
    expect(packed(4, true, LONG).packing).toBe(true);
    expect(packed(5, false, LONG).length).toBe(5);
    expect(packed(5).packing).toBe(true);
  });

  test('is left out of settings that are repaired, and told with what else is wrong', () => {
    const given = { packing: true, max_length: 5, learning_rate: -1 };
    expect(() => trainingConfigOf(given, { model: LONG })).toThrow(
      expect.objectContaining({
        faults: [
          expect.objectContaining({ path: 'learning_rate' }),
          expect.objectContaining({ path: 'packing' }),
        ],
      }),
    );
    const repaired = repairedConfig(given, ['learning_rate', 'packing']);
    expect(trainingConfigOf(repaired, { model: LONG }).packing).toBe(false);
  });
});
