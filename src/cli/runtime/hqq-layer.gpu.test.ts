import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { WebGpuBackend } from '../../backends/webgpu.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { hasLibraries, PYTHON } from '../../harness/python-check/fixtures/libraries.ts';
import { storedParts } from '../../quantizer/choosing/stored.ts';
import { namedWeight } from '../../quantizer/choosing/weight-source.ts';
import { decodedWeight } from '../../quantizer/coding.ts';
import { createQuantizer } from '../../quantizer/quantizer.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

let gpu: Gpu;
let folder: string;

beforeAll(async () => {
  gpu = await softwareGpu();
  folder = mkdtempSync(join(tmpdir(), 'gradproof-hqq-'));
});
afterAll(() => {
  gpu[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** Each scheme is a line: its file, bits, axis and group, and what is quantized in turn. */
const RUNNER = `
import json, sys, torch
from hqq.core.quantize import HQQLinear, Quantizer
from safetensors.torch import load_file
for line in sys.stdin:
    told = json.loads(line)
    parts = load_file(told["path"])
    decoded = parts.pop("decoded")
    plain = {"view_as_float": False, "compute_dtype": torch.float32}
    nbits = told["bits"]
    packed = parts.pop("W_q")
    meta = {
        **plain, "nbits": nbits, "axis": told["axis"], "group_size": told["groupSize"],
        "shape": decoded.shape, "packing": Quantizer.bit_to_packing[nbits],
        **{name: tensor for name, tensor in parts.items() if "." not in name},
    }
    # What HQQ quantizes zeros and scales by.
    for part, group in (("zero", None), ("scale", 128)):
        meta["quant_" + part] = part + "_q" in parts
        if meta["quant_" + part]:
            scale, zero = (parts[f"meta_{part}.{name}"] for name in ("scale", "zero"))
            meta["meta_" + part] = {
                **plain, "nbits": 8, "axis": 0, "group_size": group, "packing": "8bit_u8",
                "shape": torch.Size(told["line"]), "scale": scale, "zero": zero,
            }
    layer = HQQLinear(None, None, compute_dtype=torch.float32, device="cpu", initialize=False)
    # The one form with quantized zeros or scales that it loads: its own table of types lacks them.
    layer.load_state_dict({"W_q": packed, "meta": meta})
    print(json.dumps(torch.equal(layer.dequantize(), decoded)))
`;

const SCHEMES = [
  { bits: 8, axis: 0, groupSize: 64, quantScale: true },
  { bits: 4, axis: 0, groupSize: 64 },
  { bits: 4, axis: 1, groupSize: 64, quantZero: true, quantScale: true },
  { bits: 3, axis: 0, groupSize: 32, quantZero: true, quantScale: true },
  { bits: 2, axis: 1, groupSize: 16, quantZero: true },
  { bits: 1, axis: 0, groupSize: 32, quantZero: true, quantScale: true },
] as const;

test.skipIf(!hasLibraries())(
  'HQQLinear decodes what is saved for it to the same weight, bit for bit',
  async () => {
    const drawn = namedWeight({ layer: 'fc', shape: [64, 128], seed: 3, stream: 0 });
    const backend = new WebGpuBackend(gpu);
    const lines: string[] = [];
    for (const [i, choice] of SCHEMES.entries()) {
      const scheme = { method: 'hqq', ...choice };
      const parts = await storedParts(gpu, backend, drawn, scheme);
      using scope = new Scope();
      const tape = scope.add(new Tape(gpu));
      const weight = scope.add(Tensor.from(gpu, drawn.weight));
      const made = createQuantizer(backend, scheme).quantizeWeight(tape, weight, 'fc');
      scope.addAll(made.parts);
      const decoded = await decodedWeight(tape, made, 'fc').read();
      const named = Object.entries(parts).map(([name, host]) => [name.replace('fc.', ''), host]);
      const path = join(folder, `${i}.safetensors`);
      writeFileSync(path, writeSafetensors({ ...Object.fromEntries(named), decoded }));
      const count = (64 * 128) / choice.groupSize;
      const line = choice.axis === 1 ? [count, 1] : [1, count];
      lines.push(JSON.stringify({ path, line, ...choice }));
    }
    const { stdout, stderr } = spawnSync(PYTHON, ['-c', RUNNER], {
      input: `${lines.join('\n')}\n`,
      encoding: 'utf8',
    });
    const told = stdout.trim().split('\n');
    expect([told, told.length === SCHEMES.length ? '' : stderr]).toEqual([
      SCHEMES.map(() => 'true'),
      '',
    ]);
  },
);
