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
import type { JsonObject } from '../../../formats/strict-json.ts';
import { blockLinears } from '../../../models/llama/lora/module-names.ts';
import type { RopeScaling } from '../../../vocabulary/attention/rope-scaling.ts';
import { grownModel, policyOf } from '../open-model.ts';
import { folderFaults, type TrainedFolder } from './folder-faults.ts';
import { trainingConfigOf } from './read-training-config.ts';
import { repairedConfig } from './repaired-config.ts';
import { TrainingConfigError, type TrainingConfigFault } from './training-config-error.ts';

const MODEL = {
  ...TINY,
  ...{ hidden: 64, layers: 2, heads: 4, kvHeads: 4, headDim: 16, intermediate: 128 },
};

/** The configuration, held to a folder. */
const heldTo = (folder: TrainedFolder, given: JsonObject) =>
  trainingConfigOf(given, (all, isWrong) => folderFaults(all, folder, isWrong));

/** Code and path of what is refused over a folder in codes; `down_proj` is in floats there. */
async function told(coding: FixtureCoding | undefined, quantization: object, more: object = {}) {
  const given = { quantization, ...more } as never;
  try {
    if (!coding) heldTo({ model: MODEL }, given);
    else {
      const isCoded = (name: string) => /_proj/.test(name) && !name.includes('down_proj');
      const folder = codedFolder(MODEL, coding, isCoded);
      const model = await modelConfigIn(folder);
      const { codes } = await Checkpoint.open(folder, model);
      heldTo({ model, codes }, given);
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
    expect(() => heldTo({ model: MODEL, codes }, given(2))).not.toThrow();
    expect(() => heldTo({ model: MODEL, codes }, given(6))).toThrow(
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
    expect(() => heldTo({ model: MODEL, codes }, given)).toThrow(
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
    expect(() => heldTo({ model: MODEL }, { type, quantization: given })).toThrow(
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

/** Widths that are no multiple of 16: groups of none fit. */
const ODD = {
  ...TINY,
  ...{ hidden: 20, layers: 2, heads: 2, kvHeads: 1, headDim: 10, intermediate: 27 },
};
/** Codes of 4 bits fit in groups up to 64. */
const NARROW = {
  ...MODEL,
  ...{ hidden: 32, heads: 8, kvHeads: 1, headDim: 4, intermediate: 32 },
};

describe('settings that a model contradicts', () => {
  const faultsOf = (given: object, folder: TrainedFolder = { model: MODEL }) => {
    try {
      heldTo(folder, given as JsonObject);
    } catch (error) {
      if (error instanceof TrainingConfigError) return error.faults;
      throw error;
    }
    return [];
  };
  const toldOf = (given: object, folder?: TrainedFolder) =>
    faultsOf(given, folder).map(({ code, path }) => `${code} ${path}`);

  const HQQ = { type: 'hqq_lora', quantization: { group_size: 16 } };
  const Q_PROJ = ['model.layers.0.self_attn.q_proj.weight', { method: 'nf4', bits: 4 }] as const;
  const CODED = { model: { ...MODEL, quantization: {} as never }, codes: new Map([Q_PROJ]) };

  /** Each with a code and a path. */
  const TABLE: readonly (readonly [given: object, fault: string, folder?: TrainedFolder])[] = [
    [{ max_length: 9 }, 'longer-than-context max_length'],
    [{ lora: { target_modules: ['nothing'] } }, 'adapter-targets lora.target_modules'],
    [{ lora: { target_modules: ['q_proj', 'lm_head'] } }, 'adapter-targets lora.target_modules'],
    [{ lora: { exclude_modules: '.*proj' } }, 'adapter-targets lora.exclude_modules'],
    [
      { lora: { modules_to_save: ['self_attn.q_proj', 'self_attn.v_proj'] }, type: 'lora' },
      'adapter-targets lora.modules_to_save',
    ],
    [{ lora: { layers_to_transform: [7] } }, 'adapter-targets lora.layers_to_transform'],
    [
      { lora: { layers_to_transform: [1], layers_pattern: 'h' } },
      'adapter-targets lora.layers_pattern',
    ],
    [
      { lora: { target_modules: ['nothing'], exclude_modules: ['q_proj'] } },
      'adapter-targets lora.target_modules',
    ],
    [{ lora: { modules_to_save: ['score'] } }, 'adapter-saved-modules lora.modules_to_save'],
    [
      { lora: { modules_to_save: ['mlp'] }, type: 'lora' },
      'adapter-saved-modules lora.modules_to_save',
    ],
    // It is to be quantized.
    [{ lora: { modules_to_save: ['up_proj'] } }, 'adapter-saved-modules lora.modules_to_save'],
    [
      { lora: { target_modules: ['k_proj'], modules_to_save: ['q_proj'] } },
      'adapter-saved-modules lora.modules_to_save',
      CODED,
    ],
    [{ type: 'full' }, 'trained-in-codes type', CODED],
    [{ type: 'bnb_llama_pro', expansion_rate: 1 }, 'trained-in-codes type', CODED],
    [{ type: 'bnb_llama_pro' }, 'no-blocks-added expansion_rate'],
    [
      { type: 'hqq_llama_pro', expansion_rate: 0.7 },
      'blocks-uneven expansion_rate',
      { model: { ...MODEL, layers: 5 } },
    ],
    [{ type: 'hqq_lora' }, 'groups-do-not-fit quantization.group_size', { model: ODD }],
    [HQQ, 'groups-do-not-fit quantization.group_size', { model: ODD }],
    [
      { type: 'hqq_lora', quantization: { group_size: 256 } },
      'groups-do-not-fit quantization.group_size',
      { model: NARROW },
    ],
  ];

  const named = TABLE.map((row) => [JSON.stringify(row[0]), row] as const);
  test.each(named)('%s', (_, [given, fault, folder]) => {
    expect(toldOf(given, folder)).toEqual([fault]);
    const [{ message, suggestion }] = faultsOf(given, folder) as [TrainingConfigFault];
    expect([message, suggestion]).not.toContain('');
    expect(message + suggestion).not.toContain('\n');
  });

  test('each is told beside all others', () => {
    for (const [given, fault, folder] of TABLE)
      expect(toldOf({ ...given, learning_rate: -1, dataset_format: 'xml' }, folder)).toEqual([
        ...['bad-dataset-format dataset_format', 'bad-learning-rate learning_rate', fault],
      ]);
    const lora = { target_modules: ['nothing'], rank_pattern: { '(': 4 }, exclude_modules: 7 };
    expect(toldOf({ lora: { ...lora, modules_to_save: ['score', 'head'] } })).toEqual([
      'bad-lora-exclude-modules lora.exclude_modules',
      'bad-lora-rank-pattern lora.rank_pattern',
      'adapter-targets lora.target_modules',
      'adapter-saved-modules lora.modules_to_save',
    ]);
    const both = { lora_target_modules: 'all', lora: { target_modules: ['nothing'] } };
    expect(toldOf(both)).toEqual([
      'two-lists-of-targets lora_target_modules',
      'adapter-targets lora.target_modules',
    ]);
  });

  test('are not what follows from a field that is wrong', () => {
    // The head may be left out by it.
    const rest = { target_modules: ['q_proj', 'lm_head'], exclude_modules: 7 };
    expect(toldOf({ lora: rest })).toEqual(['bad-lora-exclude-modules lora.exclude_modules']);
    const usual = { target_modules: 7, exclude_modules: ['q_proj', 'v_proj'] };
    expect(toldOf({ lora: usual })).toEqual(['bad-lora-target-modules lora.target_modules']);
    for (const [field, value] of [
      ['group_size', 7],
      ['nbits', 5],
      ['skip_modules', 1],
    ] as const)
      expect(toldOf({ ...HQQ, quantization: { [field]: value } }, { model: ODD })).toHaveLength(1);
    expect(toldOf({ ...HQQ, quantization: [] }, { model: ODD })).toHaveLength(1);
    expect(toldOf({ type: 'bnb_llama_pro', expansion_rate: 0 })).toHaveLength(1);
    const saved = { lora: { modules_to_save: ['up_proj'] } };
    expect(toldOf({ ...saved, quantization: { llm_int8_skip_modules: 1 } })).toHaveLength(1);
  });

  test('say what would fit, and are right without what is refused', () => {
    const groups = { type: 'hqq_lora', quantization: { group_size: 256, nbits: 8 } };
    const [fault] = faultsOf(groups, { model: NARROW });
    expect(fault).toMatchObject({
      message:
        'quantization.group_size is 256, and model.layers.0.self_attn.k_proj 4x32 by hqq: 128 elements are no groups of 256',
      suggestion: 'give one of 16, 32, 64, 128',
      without: ['quantization.group_size'],
    });
    expect(faultsOf(HQQ, { model: ODD })[0]?.without).toEqual(['type', 'quantization']);
    for (const [given, , folder = { model: MODEL }] of TABLE) {
      const without = faultsOf(given, folder).flatMap(({ path, without = [path] }) => without);
      const repaired = repairedConfig(given as JsonObject, without);
      expect(toldOf(repaired, folder), JSON.stringify(given)).toEqual([]);
    }
  });

  test('are those of new adapters and blocks, not of saved ones', () => {
    const lora = { exclude_modules: '.*(q|v)_proj', modules_to_save: ['score'] };
    expect(toldOf({ lora }, { model: MODEL, adapted: true })).toEqual([]);
    const pro = { type: 'bnb_llama_pro' };
    expect(toldOf(pro, { model: MODEL, adapted: true })).toEqual([]);
    for (const before of [1, 2, 9]) {
      const expanded = { before, after: before + 1 };
      expect(toldOf(pro, { model: MODEL, expanded })).toEqual([]);
    }
    const made = { expanded: { before: 1, after: 2 } };
    const added = new Map([['model.layers.1.self_attn.q_proj.weight', Q_PROJ[1]]]);
    expect(toldOf(pro, { ...CODED, ...made })).toEqual([]);
    expect(toldOf(pro, { ...CODED, ...made, codes: added })).toEqual(['trained-in-codes type']);
  });
});

describe('packing', () => {
  const ropeScaling: RopeScaling = {
    ...{ rope_type: 'longrope', attention_factor: 1, original_max_position_embeddings: 4 },
    ...{ short_factor: [1], long_factor: [2] },
  };
  const packed = (max_length: number, packing = true, model: ModelConfig = TINY) =>
    heldTo({ model }, { packing, max_length });
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
    expect(() => heldTo({ model: LONG }, given)).toThrow(
      expect.objectContaining({
        faults: [
          expect.objectContaining({ path: 'learning_rate' }),
          expect.objectContaining({ path: 'packing' }),
        ],
      }),
    );
    const repaired = repairedConfig(given, ['learning_rate', 'packing']);
    expect(heldTo({ model: LONG }, repaired).packing).toBe(false);
  });
});
