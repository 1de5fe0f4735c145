import * as ort from 'onnxruntime-web';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HostModel, readHostModel, tensorsOf } from '../../src/backends/manager/host-model.ts';
import { ModelOnDevice } from '../../src/backends/manager/on-device.ts';
import { ModelOnHost } from '../../src/backends/manager/on-host.ts';
import { ReferenceBackend } from '../../src/backends/reference.ts';
import { ContenderBackend } from '../../src/bench/contender-backend.ts';
import { covers } from '../../src/catalog/covers.ts';
import { FOLDER, thrownBy } from '../../src/cli/runtime/fixtures/short-runs.ts';
import { softwareGpu } from '../../src/cli/runtime/fixtures/software-gpu.ts';
import { modelConfigOf } from '../../src/formats/hugging-face/config.ts';
import {
  folderOf,
  shardedFolder,
  type Tensors,
  tinyTensors,
} from '../../src/formats/hugging-face/fixtures/tiny-folder.ts';
import type { ModelFolder } from '../../src/formats/hugging-face/shards.ts';
import { toHostTensor } from '../../src/formats/safetensors/stored.ts';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { type HostTensor, hostTensorFrom } from '../../src/tensor/host.ts';
import { OrtContender } from './contender.ts';
import { operators } from './onnx/operators.ts';
import { wasmProvider } from './wasm.ts';

/** One reader of models, whose weights lie on each backend as they are in the files. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const bytesOf = ({ data }: HostTensor) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
const bitsOf = (host: HostModel) =>
  Object.fromEntries(
    [...host.values].flatMap(([name, value]) =>
      Object.entries(tensorsOf(value)).map(([part, tensor]) => [
        `${name} ${part}`,
        bytesOf(tensor),
      ]),
    ),
  );

/** The bits of a model as they lie on WebGPU, for ONNX Runtime's WebAssembly and for the reference. */
async function placed(folder: ModelFolder) {
  const host = await readHostModel(folder);
  using device = new ModelOnDevice(gpu, host, 8, 'webgpu');
  const library = new ContenderBackend(new OrtContender(wasmProvider(ort)), operators.keys());
  using wasm = new ModelOnHost(library, host);
  using reference = new ModelOnHost(new ReferenceBackend(), host);
  const hosts = await Promise.all([device, wasm, reference].map((model) => model.toHost()));
  return hosts.map(bitsOf);
}

/** What lies in `model.safetensors` of the small folder. */
async function stored(): Promise<Tensors> {
  const file = FOLDER.get('model.safetensors');
  const { tensors } = readSafetensors((await file?.read(0, file.bytes)) as Uint8Array);
  return Object.fromEntries([...tensors].map(([name, tensor]) => [name, toHostTensor(tensor)]));
}

const config = async () => {
  const file = FOLDER.get('config.json');
  return (await file?.read(0, file.bytes)) as Uint8Array<ArrayBuffer>;
};
const wanted = (tensors: Tensors) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [`${name} value`, bytesOf(tensor)]),
  );
const NORM = 'model.norm.weight';

/** The small model in two shards: the last norm lies in the second. */
async function shards(change: (norm: HostTensor) => HostTensor = (norm) => norm) {
  const { [NORM]: norm, ...rest } = await stored();
  const files: Record<string, Uint8Array | string> = shardedFolder({
    'model-00001-of-00002.safetensors': rest,
    'model-00002-of-00002.safetensors': { [NORM]: change(norm as HostTensor) },
  });
  return { ...files, 'config.json': await config() } as Record<string, Uint8Array | string>;
}

test(
  'two shards with their index',
  covers('fsdp.backend.model-loader-different-backends/sharded-safetensors').control(
    'the first shard alone is read',
    {
      file: 'src/backends/manager/host-model.ts',
      from: 'for (const name of checkpoint.names) values',
      to: "for (const name of checkpoint.names.filter((each) => each !== 'model.norm.weight')) values",
    },
  ),
  async () => {
    const folder = folderOf(await shards());
    const host = await readHostModel(folder);
    expect(bitsOf(host)).toEqual(wanted(await stored()));
    for (const bits of await placed(folder)) expect(bits).toEqual(wanted(await stored()));
  },
);

test(
  'one file',
  covers('fsdp.backend.model-loader-different-backends/single-file').control('a bit changes', {
    file: 'src/backends/manager/host-model.ts',
    from: "return host.dtype === 'f32' ? host : hostTensorFrom(",
    to: "return host.dtype === 'f16' ? host : hostTensorFrom('f32', host.shape, valuesOf(host).map((x) => x + 1e-5)) ?? hostTensorFrom(",
  }),
  async () => {
    for (const bits of await placed(FOLDER)) expect(bits).toEqual(wanted(await stored()));
  },
);

/** A model of mlx-lm: its table and a linear are in codes. */
function mlxFolder(): { readonly folder: ModelFolder; readonly tensors: Tensors } {
  const json = {
    ...{ model_type: 'llama', num_hidden_layers: 1, vocab_size: 32, hidden_size: 32 },
    ...{ intermediate_size: 64, head_dim: 16, num_attention_heads: 2, num_key_value_heads: 1 },
    ...{ max_position_embeddings: 8, quantization: { group_size: 32, bits: 8 } },
  };
  const tensors: Record<string, HostTensor> = tinyTensors(modelConfigOf(json));
  for (const [layer, rows] of [
    ['model.embed_tokens', 32],
    ['model.layers.0.mlp.up_proj', 64],
  ] as const) {
    const codes = Array.from({ length: rows * 8 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0);
    const scales = Array.from({ length: rows }, (_, i) => 2 ** -7 * (1 + i));
    tensors[`${layer}.weight`] = hostTensorFrom('u32', [rows, 8], codes);
    tensors[`${layer}.scales`] = hostTensorFrom('f16', [rows, 1], scales);
    const biases = scales.map((scale) => -128 * scale);
    tensors[`${layer}.biases`] = hostTensorFrom('f16', [rows, 1], biases);
  }
  const files = { 'config.json': JSON.stringify(json), 'a.bin': writeSafetensors(tensors) };
  return { folder: folderOf(files), tensors };
}

test(
  'the layout of MLX, its codes as they are',
  covers('fsdp.backend.model-loader-different-backends/mlx-layout').control('biases are scales', {
    file: 'src/backends/manager/on-device.ts',
    from: 'const tensors = weights.map((weight) => weight.parts[name] as Tensor);',
    to: "const of = name === 'biases' ? 'scales' : name;\n    const tensors = weights.map((weight) => weight.parts[of] as Tensor);",
  }),
  async () => {
    const { folder, tensors } = mlxFolder();
    const [device, wasm, reference] = await placed(folder);
    expect(wasm).toEqual(reference);
    expect(device).toEqual(reference);
    for (const layer of ['model.embed_tokens', 'model.layers.0.mlp.up_proj']) {
      const codes = tensors[`${layer}.weight`] as HostTensor;
      expect(device?.[`${layer}.weight packed`]).toEqual(bytesOf(codes));
      expect(device).toHaveProperty([`${layer}.weight scales`]);
      expect(device).toHaveProperty([`${layer}.weight biases`]);
    }
  },
);

test(
  'a shard that is missing is told with a tensor that it holds',
  covers('fsdp.backend.model-loader-different-backends/shard-missing').control('it is not named', {
    file: 'src/formats/hugging-face/shards.ts',
    from: "([, each]) => each === shard)?.[0] ?? '';",
    to: "([, each]) => each === '')?.[0] ?? '';",
  }),
  async () => {
    const { 'model-00002-of-00002.safetensors': _, ...files } = await shards();
    expect(await thrownBy(readHostModel(folderOf(files)))).toMatchObject({
      faults: [{ code: 'shard-missing', message: expect.stringContaining(`holds "${NORM}"`) }],
    });
  },
);

test(
  'an unknown element type is told with its tensor',
  covers('fsdp.backend.model-loader-different-backends/dtype-unknown').control('as a shape', {
    file: 'src/formats/hugging-face/checkpoint.ts',
    from: "code: 'dtype',",
    to: "code: 'quantized',",
  }),
  async () => {
    const files = await shards(({ shape, data }) => hostTensorFrom('i32', shape, [...data]));
    expect(await thrownBy(readHostModel(folderOf(files)))).toMatchObject({
      faults: [{ code: 'dtype', message: `"${NORM}" is I32; F32, F16, BF16 are read here` }],
    });
  },
);

test(
  'a shape that is not that of config.json is told with its tensor',
  covers('fsdp.backend.model-loader-different-backends/shape-mismatch').control('as a type', {
    file: 'src/formats/hugging-face/checkpoint.ts',
    from: "else if (!sameShape(place.shape, shape))\n      faults.push({\n        code: 'shape',",
    to: "else if (!sameShape(place.shape, shape))\n      faults.push({\n        code: 'dtype',",
  }),
  async () => {
    const files = await shards(() => hostTensorFrom('f32', [3], [1, 2, 3]));
    expect(await thrownBy(readHostModel(folderOf(files)))).toMatchObject({
      faults: [{ code: 'shape', message: `"${NORM}" is 3 and should be 64 by the configuration` }],
    });
  },
);
