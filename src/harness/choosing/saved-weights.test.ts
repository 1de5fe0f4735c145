import { expect, test } from 'vitest';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import { wholeChoice } from '../../quantizer/choosing/schemes.ts';
import { weightsOfFile } from '../../quantizer/choosing/weights-of-file.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { requireSavable, type WeightsForm } from './saved-weights.ts';

/** Checks before anything is measured whether a file with a weight `fc` can be saved. */
function checked(
  others: Readonly<Record<string, readonly number[]>>,
  method: string,
  form: WeightsForm,
) {
  const tensors = Object.entries({ 'fc.weight': [4, 64], ...others }).map(([name, shape]) => {
    const dtype = name === 'mask' ? 'u8' : 'f32';
    const zeros = new Float64Array(shape.reduce((a, b) => a * b, 1));
    return [name, hostTensorFrom(dtype, shape, zeros)] as const;
  });
  const file = readSafetensors(writeSafetensors(Object.fromEntries(tensors)));
  const weights = weightsOfFile(file, 1);
  return () => requireSavable({ file, weights, scheme: wholeChoice({ method }) }, form);
}

test.each([
  [{ 'fc.scale': [4] }, 'hqq', 'safetensors', 'hqq stores a part as fc.scale, which the file has'],
  [{ mask: [4] }, 'q8_0', 'gguf', 'mask: a .gguf file has no type for U8'],
  [{ deep: [1, 1, 1, 1, 2] }, 'q8_0', 'gguf', 'deep: a .gguf file has no tensors of 5 dimensions'],
  [{ ['n'.repeat(64)]: [4] }, 'q8_0', 'gguf', 'has 64 bytes, and llama.cpp takes at most 63'],
  [{ [`${'n'.repeat(57)}.weight`]: [4, 32] }, 'q8_0', 'gguf', 'has 64 bytes, and llama.cpp'],
] as const)(
  'a file with %j is refused for %s in .%s by its header',
  (others, method, form, why) => {
    expect(checked(others, method, form)).toThrow(why);
  },
);

test.each([
  [{ 'fc.scale': [4] }, 'mlx', 'safetensors'],
  // No layer is made of it.
  [{ 'odd.weight': [3, 7], 'odd.scale': [3] }, 'hqq', 'safetensors'],
  [{ mask: [4] }, 'q8_0', 'safetensors'],
  [{ 'fc.activations': [2, 64], 'conv.weight': [2, 2, 2, 2, 8] }, 'q8_0', 'gguf'],
] as const)('a file with %j can be saved by %s in .%s', (others, method, form) => {
  expect(checked(others, method, form)).not.toThrow();
});
