import { expect, test } from 'vitest';
import { layerInId } from './layer-name.ts';

test.each([
  ['model.layers.0.self_attn.q-proj', 'model.layers.0.self_attn.q-proj'],
  ['a b;c=d:e/f', 'a%20b%3Bc%3Dd%3Ae%2Ff'],
  ['*(100 %)', '%2A%28100%20%25%29'],
  ['Gewicht ü', 'Gewicht%20%C3%BC'],
  ['', '%'],
])('%j stands in an id as %s', (layer, written) => {
  expect(layerInId(layer)).toBe(written);
});
