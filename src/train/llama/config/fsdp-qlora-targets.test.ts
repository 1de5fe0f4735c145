import { expect, test } from 'vitest';
import { covers } from '../../../catalog/covers.ts';
import { TINY } from '../../../formats/hugging-face/fixtures/tiny-folder.ts';
import { adapterTargets } from '../../../models/llama/lora/targets.ts';
import { trainingConfigOf } from './read-training-config.ts';

const BLOCKS = [0, 1, 2];
const MODEL = { ...TINY, layers: BLOCKS.length };

/** The linears that a configuration adapts, as ends of their names in the order of the alphabet. */
function adaptedBy(given: object): readonly string[] {
  const { rules } = trainingConfigOf({ type: 'lora', ...given }).adapter ?? {};
  if (!rules) throw new Error('there is no adapter');
  const names = [...adapterTargets(MODEL, rules).keys()];
  const ends = (i: number) =>
    names
      .filter((name) => name.startsWith(`model.layers.${i}.`))
      .map((name) => name.slice(name.lastIndexOf('.') + 1))
      .toSorted();
  for (const i of BLOCKS) expect(ends(i), `block ${i}`).toEqual(ends(0));
  expect(names.length).toBe(BLOCKS.length * ends(0).length);
  return ends(0);
}

test(
  'of fsdp_qlora all are six linears, without the one behind attention, and the default is two',
  covers('fsdp.training.type-lora/fsdp-qlora-targets').control('all is all linears', {
    file: 'src/train/llama/config/fsdp-qlora-targets.ts',
    from: "all: ['k_proj',",
    to: "all: ['o_proj', 'k_proj',",
  }),
  () => {
    const six = ['down_proj', 'gate_proj', 'k_proj', 'q_proj', 'up_proj', 'v_proj'];
    expect(adaptedBy({ lora_target_modules: 'all' })).toEqual(six);
    expect(adaptedBy({ lora_target_modules: 'default' })).toEqual(['q_proj', 'v_proj']);
    // Size and the rest stay what is given of them.
    const { adapter } = trainingConfigOf({
      ...{ type: 'lora', lora_target_modules: 'all' },
      lora: { r: 3, lora_alpha: 5, exclude_modules: ['k_proj'] },
    });
    expect(adapter?.rules).toMatchObject({ r: 3, lora_alpha: 5, exclude_modules: ['k_proj'] });
  },
);

test(
  'all-linear is every linear but the head, and of the rules by name alone names the one behind attention',
  covers('fsdp.training.type-lora/all-linear-targets').control(
    'all linears are those of attention',
    {
      file: 'src/models/llama/lora/targets.ts',
      from: '? (name: string) => linears.has(name)',
      to: "? (name: string) => linears.has(name) && name.includes('attn')",
    },
  ),
  () => {
    const seven = ['down_proj', 'gate_proj', 'k_proj', 'o_proj', 'q_proj', 'up_proj', 'v_proj'];
    expect(adaptedBy({ lora: { target_modules: 'all-linear' } })).toEqual(seven);
    const others = [
      ...[{}, { lora_target_modules: 'all' }, { lora_target_modules: 'default' }],
      { lora: {} },
    ];
    for (const given of others) expect(adaptedBy(given)).not.toContain('o_proj');
  },
);
