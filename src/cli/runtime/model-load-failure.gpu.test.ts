import { afterAll, beforeAll, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { folderOf } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { toHostTensor } from '../../formats/safetensors/stored.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { forecastLlama, requireRoom } from '../../train/llama/forecast-llama.ts';
import { FOLDER, modelOf, thrownBy } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A model that cannot be loaded says why, and leaves nothing on the device. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const CONFIG = 'config.json';
const WEIGHTS = 'model.safetensors';

const bytesOf = async (name: string) => {
  const file = FOLDER.get(name);
  return (await file?.read(0, file.bytes)) as Uint8Array<ArrayBuffer>;
};
const folderWith = async (weights: Uint8Array | string, name = WEIGHTS): Promise<ModelFolder> =>
  folderOf({ [CONFIG]: await bytesOf(CONFIG), [name]: weights });

const load = (folder: ModelFolder) => loadLlama(gpu, folder, { length: 9 });

const TEXT = 'Once upon a time there was a fox, who lived below the oak tree.\n';

/** Weights without one, with one of another model, and with one that is too short. */
async function otherArchitecture(): Promise<Uint8Array> {
  const tensors = new Map(
    [...readSafetensors(await bytesOf(WEIGHTS)).tensors].map(([name, stored]) => [
      name,
      toHostTensor(stored),
    ]),
  );
  tensors.delete('model.norm.weight');
  tensors.set('transformer.h.0.attn.c_attn.weight', hostTensorFrom('f32', [2], [1, 2]));
  tensors.set('model.layers.0.input_layernorm.weight', hostTensorFrom('f32', [2], [1, 2]));
  return writeSafetensors(Object.fromEntries(tensors));
}

test(
  'a text file as weights has a code',
  covers('tb.recovery.model-load-failure/text-file-code').control('the code of another fault', {
    file: 'src/formats/hugging-face/checkpoint.ts',
    from: "code: 'bad-shard', message:",
    to: "code: 'shape', message:",
  }),
  async () => {
    expect(await thrownBy(load(await folderWith(TEXT)))).toMatchObject({
      code: 'bad-checkpoint',
      faults: [{ code: 'bad-shard', message: expect.stringContaining('not a safetensors file') }],
    });
    expect(await thrownBy(load(await folderWith(TEXT, 'weights.bin')))).toMatchObject({
      faults: [{ code: 'format-unknown', message: expect.stringContaining('4f 6e 63 65') }],
    });
  },
);

test(
  'weights of another architecture have what is missing, unexpected and of another shape listed',
  covers('tb.recovery.model-load-failure/wrong-architecture-lists').control('not what is missing', {
    file: 'src/formats/hugging-face/checkpoint.ts',
    from: 'else if (!place) faults.push(',
    to: "else if (name === '') faults.push(",
  }),
  async () => {
    expect(await thrownBy(load(await folderWith(await otherArchitecture())))).toMatchObject({
      code: 'bad-checkpoint',
      faults: [
        { code: 'shape', message: expect.stringContaining('input_layernorm.weight" is 2 and') },
        { code: 'tensor-missing', message: '"model.norm.weight" is missing' },
        { code: 'tensor-unexpected', message: expect.stringContaining('c_attn.weight') },
      ],
    });
  },
);

test(
  'a model that is too large is refused with the limit of the adapter',
  covers('tb.recovery.model-load-failure/too-large-limits').control('the limit is not named', {
    file: 'src/train/llama/forecast-llama.ts',
    from: 'TooLargeError(largest.name, largest.bytes, most);',
    to: 'TooLargeError(largest.name, largest.bytes, 0);',
  }),
  () => {
    const { model } = modelOf();
    const large = { ...model, intermediate: 200_000, hidden: 8192, heads: 64, headDim: 128 };
    const forecast = forecastLlama(large, trainingConfigOf({ type: 'full', judge_steps: 0 }), 9);
    const { maxStorageBufferBindingSize = 0, maxBufferSize = 0 } = gpu.limits;
    const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    expect(() => requireRoom(forecast, gpu.limits)).toThrow(
      expect.objectContaining({
        code: 'too-large',
        message: expect.stringContaining(
          `takes ${4 * 200_000 * 8192} bytes, and a kernel of this adapter reaches ${limit}: give`,
        ),
      }),
    );
  },
);

test(
  'no failure leaves a buffer on the device, wherever it comes',
  covers('tb.recovery.model-load-failure/no-leaked-buffers').control('what was uploaded stays', {
    file: 'src/models/llama/load.ts',
    from: 'using uploaded = new Scope();',
    to: 'const uploaded = new Scope();',
  }),
  async () => {
    (await load(FOLDER))[Symbol.dispose]();
    const { liveBuffers, liveBytes } = gpu.memory.ledger;
    const whole = FOLDER.get(WEIGHTS);
    const { bytes = 0, read = async () => new Uint8Array() } = whole ?? {};
    const uploadedBefore: number[] = [];
    const gone = {
      bytes,
      // Its last tensor cannot be read any more, when all others are on the device.
      read: async (start: number, end: number) => {
        if (end < bytes) return await read(start, end);
        uploadedBefore.push(gpu.memory.ledger.liveBuffers - liveBuffers);
        throw new Error('the disk is gone');
      },
    };
    const cutShort = new Map([...FOLDER, [WEIGHTS, gone]]);
    const failing = [await folderWith(TEXT), await folderWith(await otherArchitecture()), cutShort];
    for (const folder of failing) {
      expect(await thrownBy(load(folder))).toMatchObject({ code: 'bad-checkpoint' });
      const { ledger } = gpu.memory;
      expect([ledger.liveBuffers, ledger.liveBytes]).toEqual([liveBuffers, liveBytes]);
    }
    expect(uploadedBefore).toEqual([expect.any(Number)]);
    expect(uploadedBefore[0]).toBeGreaterThan(3);
  },
);
