import { expect, test } from 'vitest';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { TRAINING_TYPE_NAMES } from '../../train/llama/config/types.ts';
import {
  hasRank,
  OWN_MODEL_SETTINGS,
  SETTING_FIELDS,
  SMALL_MODEL_SETTINGS,
  textOf,
  withField,
} from './settings.ts';

test('the usual settings are legal, of every type', () => {
  for (const usual of [SMALL_MODEL_SETTINGS, OWN_MODEL_SETTINGS])
    for (const type of TRAINING_TYPE_NAMES)
      expect(trainingConfigOf(withField(usual, 'type', type)).type).toBe(type);
});

test('a number that is typed is one, other text stays for its fault to be told, and nothing is as usual', () => {
  const typed = withField(SMALL_MODEL_SETTINGS, 'lora.r', ' 4 ');
  expect(trainingConfigOf(typed).adapter?.rules).toMatchObject({ r: 4, lora_alpha: 32 });
  expect(() => trainingConfigOf(withField(typed, 'max_steps', 'many'))).toThrow(
    /max_steps is "many"/,
  );
  expect(withField(typed, 'learning_rate', '')).not.toHaveProperty('learning_rate');
  expect(SETTING_FIELDS.map((field) => textOf(typed, field))).toEqual([
    ...['qlora', '100', '4', '0.005', ''],
  ]);
});

test('where settings have no type, that which is trained is shown', () => {
  expect(textOf({}, 'type')).toBe(trainingConfigOf({}).type);
});

test('full training has no rank and no adapter, and what it was is not brought back', () => {
  const full = withField(SMALL_MODEL_SETTINGS, 'type', 'full');
  expect(hasRank(full)).toBe(false);
  expect(full).not.toHaveProperty('lora');
  expect(hasRank(withField(full, 'type', 'lora'))).toBe(true);
});
