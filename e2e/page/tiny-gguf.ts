import { ggufModelFile } from '../../src/formats/gguf/fixtures/model-file.ts';
import { tensorShapes } from '../../src/formats/hugging-face/architecture.ts';
import type { ModelConfig } from '../../src/formats/hugging-face/config.ts';
import { toStored } from '../../src/formats/safetensors/write.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Random } from '../../src/tensor/random.ts';
import { sizeOf } from '../../src/tensor/shape.ts';

const CONFIG: ModelConfig = {
  ...{ family: 'llama', hidden: 64, layers: 2, heads: 4, kvHeads: 2, headDim: 16 },
  ...{ intermediate: 64, vocabulary: 512, tied: true, context: 64, rmsEps: 1e-5 },
  ropeTheta: 10_000,
};

/** A model of drawn weights with a tokenizer, as one GGUF file that can be chosen. */
export async function tinyGguf() {
  const random = new Random(5);
  const tensors = [...tensorShapes(CONFIG)].map(([name, shape]) => {
    const values = random.fill(sizeOf(shape), () => (shape.length < 2 ? 1 : random.normal(0.05)));
    const type = shape.length < 2 ? 'f32' : 'f16';
    const { bytes } = toStored(hostTensorFrom(type, shape, values));
    return [name, { type, shape, bytes }] as const;
  });
  const buffer = Buffer.from(await ggufModelFile(CONFIG, new Map(tensors)));
  return { name: 'tiny.gguf', mimeType: 'application/octet-stream', buffer };
}
