import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { toHostTensor } from '../safetensors/stored.ts';
import { writeSafetensors } from '../safetensors/write.ts';
import { Checkpoint } from './checkpoint.ts';
import { CheckpointError, type CheckpointFault } from './checkpoint-error.ts';
import { readModelConfig } from './config.ts';
import { folderOf, TINY, tinyTensors } from './fixtures/tiny-folder.ts';

/** What a file of weights is, its first bytes say, whatever it is called. */

const WHOLE = tinyTensors();
const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** The start of a ZIP archive whose first entry has this name. */
function zip(entry: string): Uint8Array {
  const file = new Uint8Array(200);
  file.set(bytes('PK\x03\x04'));
  file[26] = entry.length;
  file.set(bytes(entry), 30);
  return file;
}

async function faultsOf(
  files: Parameters<typeof folderOf>[0],
): Promise<readonly CheckpointFault[]> {
  try {
    await Checkpoint.open(folderOf(files), TINY);
    return [];
  } catch (error) {
    if (error instanceof CheckpointError) return error.faults;
    throw error;
  }
}
const told = async (name: string, file: Uint8Array) =>
  (await faultsOf({ [name]: file })).map(({ code, message }) => `${code} ${message}`);

/** A pickle that makes a file where it is opened. */
const pickleThatMakes = (path: string) =>
  bytes(
    `\x80\x02cos\nsystem\nq\x00X${String.fromCharCode(path.length + 6, 0, 0, 0)}touch ${path}\x85R.`,
  );

const UP = 'model.layers.0.mlp.up_proj';

/** A tiny model of mlx-lm, one of whose linears is in codes of 8 bits. */
function mlxFolder() {
  const shapes = { hidden_size: 32, intermediate_size: 64, head_dim: 16 };
  const config = {
    ...{ model_type: 'llama', num_hidden_layers: 1, vocab_size: 5, ...shapes },
    ...{ num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 8 },
    quantization: { group_size: 32, bits: 8 },
  };
  const model = readModelConfig(JSON.stringify(config));
  const { [`${UP}.weight`]: _, ...floats } = tinyTensors(model);
  const codes = Array.from({ length: 64 * 8 }, (_unused, i) => (i * 2654435761) >>> 0);
  const ones = Array.from({ length: 64 }, (_unused, i) => 1 + i);
  const file = writeSafetensors({
    ...floats,
    [`${UP}.weight`]: hostTensorFrom('u32', [64, 8], codes),
    [`${UP}.scales`]: hostTensorFrom('f16', [64, 1], ones),
    [`${UP}.biases`]: hostTensorFrom('f16', [64, 1], ones),
  });
  return { model, file };
}

test(
  'safetensors, MLX’s layout, pickles, archives and ONNX are each told by what is in them',
  covers('fsdp.backend.model-loader-factory/picked-by-content').control('an ONNX model is not', {
    file: 'src/formats/file-kind.ts',
    from: 'const ONNX_IR_VERSION = 0x08;',
    to: 'const ONNX_IR_VERSION = 0x09;',
  }),
  async () => {
    // Each under the name of another.
    expect(await told('model.onnx', writeSafetensors(WHOLE))).toEqual([]);
    for (const [name, file, kind] of [
      ['weights.safetensors', zip('archive/data.pkl'), /^pickle-unsafe .*a PyTorch checkpoint/],
      ['weights.npz', bytes('\x80\x04\x95plus some'), /^pickle-unsafe .*a Python pickle/],
      ['weights.pt', zip('weight.npy'), /^no-weights .*an archive of NumPy arrays/],
      ['weights.gguf', bytes('\x08\x0a\x12\x07pytorch'), /^no-weights .*an ONNX model/],
    ] as const)
      expect(await told(name, file)).toEqual([expect.stringMatching(kind)]);
    const { model, file } = mlxFolder();
    const mlx = await Checkpoint.open(folderOf({ 'weights.pt': file }), model);
    expect(mlx.isQuantized(`${UP}.weight`)).toBe(true);
    expect(await mlx.readCoded(`${UP}.weight`)).toMatchObject({ shape: [64, 32] });
  },
);

test(
  'safetensors that are called .bin are read',
  covers('fsdp.backend.model-loader-factory/renamed-bin-loads').control('the name must tell', {
    file: 'src/formats/hugging-face/shards.ts',
    from: 'kind === undefined && start[8] === 0x7b',
    to: 'kind === undefined && start[8] === 0x7b && false',
  }),
  async () => {
    const folder = folderOf({ 'pytorch_model.bin': writeSafetensors(WHOLE) });
    const checkpoint = await Checkpoint.open(folder, TINY).catch(() => undefined);
    expect([...(checkpoint?.names ?? [])].sort()).toEqual(Object.keys(WHOLE).sort());
    for (const name of checkpoint?.names ?? []) {
      const read = checkpoint && toHostTensor(await checkpoint.read(name));
      expect(read?.data).toEqual(WHOLE[name]?.data);
    }
  },
);

test(
  'a pickle, an archive and an ONNX model are recognised, and nothing in them runs',
  covers(
    'fsdp.backend.model-loader-factory/nothing-executed',
    'tb.recovery.model-load-failure/pickle-never-executed',
  ).control('a pickle is no program', {
    file: 'src/formats/file-kind.ts',
    from: "kind?.endsWith('a program') === true",
    to: "kind?.endsWith('no program') === true",
  }),
  async () => {
    const place = mkdtempSync(join(tmpdir(), 'gradproof-pickle-'));
    try {
      const made = join(place, 'made');
      expect(await told('model.pt', pickleThatMakes(made))).toEqual([
        expect.stringMatching(/^pickle-unsafe "model.pt" is a Python pickle .*it is not opened/),
      ]);
      expect(await told('model.pt', zip('archive/data.pkl'))).toEqual([
        expect.stringMatching(/^pickle-unsafe "model.pt" is a PyTorch checkpoint .*not opened/),
      ]);
      expect(await told('model.npz', zip('x.npy'))).toHaveLength(1);
      expect(await told('model.onnx', bytes('\x08\x07:\x0f'))).toHaveLength(1);
      expect(existsSync(made)).toBe(false);
    } finally {
      rmSync(place, { recursive: true });
    }
  },
);

test(
  'a format that is known and has no reader is refused by its name',
  covers('fsdp.backend.model-loader-factory/unread-format-named').control('it has none', {
    file: 'src/formats/file-kind.ts',
    from: "return 'an HDF5 file (.h5)';",
    to: "return 'a file';",
  }),
  async () => {
    for (const [file, kind] of [
      [zip('x.npy'), 'an archive of NumPy arrays (.npz)'],
      [bytes('\x08\x0a\x12\x07pytorch'), 'an ONNX model (.onnx)'],
      [bytes('\x89HDF\r\n\x1a\n'), 'an HDF5 file (.h5)'],
      [bytes('\x93NUMPY\x01\x00'), 'a NumPy array (.npy)'],
    ] as const)
      expect(await told('weights', file)).toEqual([
        `no-weights "weights" is ${kind}: it is not opened; save the model as safetensors with save_pretrained`,
      ]);
  },
);

test(
  'what is none that is known is refused with its first eight bytes',
  covers('fsdp.backend.model-loader-factory/unknown-magic').control('with seven', {
    file: 'src/formats/hugging-face/shards.ts',
    from: 'const MAGIC_BYTES = 8;',
    to: 'const MAGIC_BYTES = 7;',
  }),
  async () => {
    const file = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0xab, 0xcd, 0xef, 1, 2, 3);
    expect(await told('weights', file)).toEqual([
      expect.stringMatching(
        /^format-unknown "weights" begins with 1f 8b 08 00 00 00 ab cd, which no format/,
      ),
    ]);
    expect(await told('short', Uint8Array.of(7))).toEqual([
      expect.stringMatching(/^format-unknown "short" begins with 07, /),
    ]);
  },
);
