import { expect, test } from 'vitest';
import { outputName, parameterName, recordedNames } from './names.ts';

const AT = 'model.layers.0.self_attn.q_proj';

test('magnitudes go by the name of the op, with what is kept of them', () => {
  expect(parameterName(`${AT}.lora_magnitude_vector`)).toBe(`${AT}.magnitude`);
  expect(parameterName(`${AT}.lora_magnitude_vector.exp_avg`)).toBe(`${AT}.magnitude.exp_avg`);
  expect(parameterName(`${AT}.magnitude`)).toBe(`${AT}.magnitude`);
  expect(parameterName(`${AT}.lora_A`)).toBe(`${AT}.lora_A`);
});

test('an outcome has one name, whichever prefix it was recorded with', () => {
  expect(outputName(`lora.${AT}.lora_B`)).toBe(`final.${AT}.lora_B`);
  expect(outputName(`final.${AT}.lora_magnitude_vector`)).toBe(`final.${AT}.magnitude`);
  expect(outputName(`grad0.${AT}.lora_magnitude_vector`)).toBe(`grad0.${AT}.magnitude`);
  expect(outputName('losses')).toBe('losses');
});

test('what is trained beside adapters goes by its name in the model, and by those of PEFT', () => {
  expect(outputName('lora.lm_head.modules_to_save.weight')).toBe('final.lm_head.weight');
  expect(outputName(`grad0.${AT}.base_layer.bias`)).toBe(`grad0.${AT}.bias`);
  expect(parameterName(`${AT}.base_layer.bias.exp_avg`)).toBe(`${AT}.bias.exp_avg`);
});

test('a recording has some by several names', () => {
  expect(recordedNames('a.magnitude')).toEqual(['a.lora_magnitude_vector', 'a.magnitude']);
  expect(recordedNames('a.lora_A')).toEqual(['a.lora_A']);
  expect(recordedNames('a.bias')).toEqual([
    'a.bias',
    'a.modules_to_save.bias',
    'a.base_layer.bias',
  ]);
});
