import { describe, expect, test } from 'vitest';
import { TINY } from '../../../formats/hugging-face/fixtures/tiny-folder.ts';
import { AdapterError } from './adapter-error.ts';
import { adapterTargets, type TargetRules } from './targets.ts';

/** Three blocks. */
const MODEL = { ...TINY, layers: 3 };
const size = { r: 4, lora_alpha: 8 };
const met = (rules: Partial<TargetRules>) => [
  ...adapterTargets(MODEL, { ...size, ...rules }).keys(),
];
const ofBlocks = (blocks: readonly number[], ...linears: readonly string[]) =>
  blocks.flatMap((i) => linears.map((linear) => `model.layers.${i}.${linear}`));
const EACH = [0, 1, 2];
const ALL = [
  ...['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.o_proj'],
  ...['mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj'],
];

describe('the modules that get an adapter', () => {
  test.each<[string, Partial<TargetRules>, readonly string[]]>([
    ['the usual ones', {}, ofBlocks(EACH, 'self_attn.q_proj', 'self_attn.v_proj')],
    ['all linears but the head', { target_modules: 'All-Linear' }, ofBlocks(EACH, ...ALL)],
    [
      'ends of names',
      { target_modules: ['o_proj', 'up_proj'] },
      ofBlocks(EACH, 'self_attn.o_proj', 'mlp.up_proj'),
    ],
    [
      'a whole name',
      { target_modules: ['model.layers.1.mlp.up_proj'] },
      ofBlocks([1], 'mlp.up_proj'),
    ],
    [
      'an end only after a dot',
      { target_modules: ['proj', 'mlp.up_proj'] },
      ofBlocks(EACH, 'mlp.up_proj'),
    ],
    [
      'an expression of the whole name',
      { target_modules: '.*[02]\\.mlp\\.(up|down)_proj' },
      ofBlocks([0, 2], 'mlp.up_proj', 'mlp.down_proj'),
    ],
    [
      'alternatives of the whole name',
      { target_modules: '.*k_proj|.*v_proj' },
      ofBlocks(EACH, 'self_attn.k_proj', 'self_attn.v_proj'),
    ],
    [
      'some blocks',
      { target_modules: ['k_proj'], layers_to_transform: [2, 0] },
      ofBlocks([0, 2], 'self_attn.k_proj'),
    ],
    [
      'one block',
      { target_modules: ['k_proj'], layers_to_transform: 1 },
      ofBlocks([1], 'self_attn.k_proj'),
    ],
    [
      'no choice of blocks',
      { target_modules: ['k_proj'], layers_to_transform: [] },
      ofBlocks(EACH, 'self_attn.k_proj'),
    ],
    [
      'blocks by a pattern',
      { target_modules: ['k_proj'], layers_to_transform: [1], layers_pattern: 'layers' },
      ofBlocks([1], 'self_attn.k_proj'),
    ],
    [
      'a whole name in any block',
      {
        target_modules: ['model.layers.0.mlp.up_proj', 'k_proj'],
        layers_to_transform: [1],
        layers_pattern: 'layers',
      },
      [...ofBlocks([0], 'mlp.up_proj'), ...ofBlocks([1], 'self_attn.k_proj')],
    ],
    [
      'all but some ends',
      { target_modules: 'all-linear', exclude_modules: ['mlp.up_proj', 'k_proj'] },
      ofBlocks(EACH, ...ALL.filter((one) => !/up_proj|k_proj/.test(one))),
    ],
    ['all but an expression', { exclude_modules: '.*q_proj' }, ofBlocks(EACH, 'self_attn.v_proj')],
    [
      'an empty expression excludes none',
      { exclude_modules: '' },
      ofBlocks(EACH, 'self_attn.q_proj', 'self_attn.v_proj'),
    ],
    [
      'no module that is trained whole, the head and the embeddings among them',
      {
        target_modules: ['q_proj', 'lm_head', 'embed_tokens'],
        modules_to_save: ['lm_head', 'embed_tokens'],
      },
      ofBlocks(EACH, 'self_attn.q_proj'),
    ],
    [
      'all linears but those that are trained whole',
      { target_modules: 'all-linear', modules_to_save: ['o_proj', '1.mlp'] },
      ofBlocks(EACH, ...ALL).filter((name) => !/o_proj|1\.mlp/.test(name)),
    ],
    [
      'all but an expression after a dot, which is trained whole',
      { target_modules: 'all-linear', modules_to_save: ['layers.[01]', 'ate_proj'] },
      ofBlocks([2], ...ALL),
    ],
  ])('%s', (_, rules, expected) => {
    expect(met(rules)).toEqual(expected);
  });

  test('sizes follow the first pattern that ends the name', () => {
    const sizes = adapterTargets(MODEL, {
      ...size,
      target_modules: ['q_proj', 'up_proj'],
      rank_pattern: { up_proj: 16, 'layers.1.mlp.up_proj': 2, q: 9 },
      alpha_pattern: { '0.self_attn.q_proj': 3 },
    });
    expect(sizes.get('model.layers.0.self_attn.q_proj')).toEqual({ r: 4, alpha: 3 });
    expect(sizes.get('model.layers.1.self_attn.q_proj')).toEqual({ r: 4, alpha: 8 });
    expect(sizes.get('model.layers.1.mlp.up_proj')).toEqual({ r: 16, alpha: 8 });
  });

  test.each<[string, Partial<TargetRules>, string]>([
    [
      'none',
      { target_modules: ['w_proj'] },
      'target_modules meet no module: give ends of names such as q_proj',
    ],
    ['none in these blocks', { layers_to_transform: [9] }, 'target_modules meet no module'],
    [
      'no block by this pattern',
      { layers_to_transform: [1], layers_pattern: 'h' },
      'target_modules meet no module',
    ],
    [
      'the head',
      { target_modules: ['lm_head', 'q_proj'] },
      'target_modules meet lm_head: adapters are there for the linears of blocks alone',
    ],
    [
      'modules that are no linears',
      { target_modules: ['mlp', 'embed_tokens'] },
      'model.embed_tokens, model.layers.0.mlp, model.layers.1.mlp, model.layers.2.mlp',
    ],
    [
      'the head, and the embeddings are trained whole',
      { target_modules: ['lm_head', 'embed_tokens', 'q_proj'], modules_to_save: ['embed_tokens'] },
      'target_modules meet lm_head: adapters',
    ],
    [
      'only what is trained whole',
      { modules_to_save: ['q_proj', 'v_proj'] },
      'target_modules meet no module beside those of modules_to_save: give ends',
    ],
    [
      'no expression of modules that are trained whole',
      { modules_to_save: ['('] },
      'modules_to_save: Invalid regular expression',
    ],
    ['no expression', { target_modules: '(' }, 'target_modules: Invalid regular expression'],
    [
      'no expression of ranks',
      { rank_pattern: { '[': 1 } },
      'rank_pattern: Invalid regular expression',
    ],
  ])('are refused where they are %s', (_, rules, says) => {
    expect(() => met(rules)).toThrow(AdapterError);
    expect(() => met(rules)).toThrow(says);
  });

  test('what a line would not hold is counted', () => {
    expect(() => met({ target_modules: ['mlp', 'act_fn'] })).toThrow(
      /model\.layers\.1\.mlp\.act_fn and 2 more:/,
    );
  });
});
