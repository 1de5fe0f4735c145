import { expect, test } from 'vitest';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { codedFolder, FIXTURE_CODINGS } from '../../formats/hugging-face/fixtures/coded-folder.ts';
import { TINY } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { isQuantized } from '../../quant/weight.ts';
import { loadLlama } from './load.ts';

/** A model whose rows are whole groups of every library. */
const MODEL: ModelConfig = {
  ...TINY,
  ...{ hidden: 64, layers: 2, heads: 4, kvHeads: 4, headDim: 16, intermediate: 128 },
};
const backend = { name: 'host', supports: () => true };

test.each(FIXTURE_CODINGS)('linears that a folder in %s has in floats stay so', async (coding) => {
  const { gpu } = await hostGpu();
  const isCoded = (name: string) => name.endsWith('_proj.weight') && !name.includes('down_proj');
  const quantized = { backend, options: { method: 'nf4' } };
  using model = await loadLlama(gpu, codedFolder(MODEL, coding, isCoded), { length: 8, quantized });
  const coded = model.names.filter((name) => isQuantized(model.view(name)));
  expect(coded).toEqual(model.names.filter(isCoded));
  expect(coded).toHaveLength(2 * 6);
});
