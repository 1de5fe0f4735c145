import { expect, test } from 'vitest';
import { modelText } from '../../sheet/model-config.ts';
import { PRESETS } from '../../sheet/presets.ts';
import { DEFAULT_SETUP } from '../../sheet/setup.ts';
import { readAsked } from './asked.ts';

test('an address that asks nothing asks what is usual', () => {
  expect(readAsked()).toEqual({ setup: DEFAULT_SETUP, problems: new Map() });
  expect(readAsked({ rank: ' ', memory: '' })).toEqual(readAsked());
});

test('reads every choice, the model, and what is sorted by', () => {
  const { architecture } = PRESETS[0] as (typeof PRESETS)[number];
  const asked = readAsked({
    ...{ method: 'hqq', rank: '8', context: '2048', batch: '4', optimizer: 'adamw8bit' },
    ...{ checkpointing: 'off', examples: '50', memory: '7,5', sort: '-total', expansion: '0,5' },
    model: modelText(architecture),
  });
  expect(asked).toEqual({
    setup: {
      ...{ method: 'hqq', rank: 8, context: 2048, batch: 4, optimizer: 'adamw8bit' },
      ...{ checkpointing: false, examples: 50, expansion: 0.5 },
    },
    memory: 7.5 * 2 ** 30,
    own: expect.objectContaining(architecture),
    sort: { key: 'total', descending: true },
    problems: new Map(),
  });
});

test('reads whether zeros and scales are codes in turn, of a method that has the choice', () => {
  const both = { 'quant-zero': 'on', 'quant-scale': 'on' };
  const chosen = { ...DEFAULT_SETUP, method: 'hqq', quantZero: true, quantScale: true };
  expect(readAsked({ method: 'hqq', ...both })).toEqual({ setup: chosen, problems: new Map() });
  const other = readAsked({ method: 'q8_0', ...both });
  expect(other.setup).toEqual({ ...DEFAULT_SETUP, method: 'q8_0' });
  expect([...other.problems]).toEqual([
    ['quant-zero', 'quantZero and quantScale of q8_0: it has none'],
  ]);
});

test('what cannot be taken is named, and the rest is taken', () => {
  const asked = readAsked({
    ...{ method: 'none', rank: '0', context: '1e3', batch: '2', optimizer: 'sgd' },
    ...{ checkpointing: '', memory: 'much', sort: 'size', model: 'model_type=gemma' },
  });
  expect(asked.setup).toEqual({ ...DEFAULT_SETUP, batch: 2 });
  expect([...asked.problems.keys()]).toEqual([
    ...['rank', 'context', 'optimizer', 'memory', 'method', 'model'],
  ]);
  expect(asked.problems.get('rank')).toBe('rank 0: must be a whole number from 1 to 1024');
  expect(asked.problems.get('method')).toMatch(/^no method is named none: give .*nf4/);
  expect(asked.problems.get('model')).toContain('"gemma" is not known here');
  expect([asked.own, asked.sort, asked.memory]).toEqual([undefined, undefined, undefined]);
});
