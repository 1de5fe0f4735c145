import { expect, test } from 'vitest';
import { isSkipRule, skipRule } from './skipped-modules.ts';

const DOWN = 'model.layers.1.mlp.down_proj';
const QUERY = 'model.layers.11.self_attn.q_proj';

// As should_convert_module of transformers 5 says.
test.each([
  ['q_proj', false, true],
  ['_proj', true, true],
  ['roj', true, true],
  ['down', false, false],
  ['model.layers.1', true, false],
  ['model.layers.1.', true, true],
  ['layers.1', false, false],
  ['model.layers.1.mlp', true, false],
  ['model.layers.1.mlp.down', false, false],
  ['model\\.layers\\.\\d+\\.mlp', true, false],
  ['model.layers.*', true, true],
  ['model|lm', true, true],
  ['.*\\.q_proj', false, true],
  ['self_attn', false, false],
  ['lm_head', false, false],
])('"%s" skips down_proj of block 1: %s, q_proj of block 11: %s', (entry, ofDown, ofQuery) => {
  const rule = skipRule(entry);
  expect([rule(DOWN), rule(QUERY)]).toEqual([ofDown, ofQuery]);
});

test('an entry that is no expression is none', () => {
  expect(isSkipRule('q_proj')).toBe(true);
  expect(isSkipRule('q_(proj')).toBe(false);
});
