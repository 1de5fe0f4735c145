import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import type { HostTensors } from '../../tensor/host.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import { checkpointName } from '../../train/checkpoint/run-checkpoint.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { KINDS, newestIn, run, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A checkpoint as PyTorch reads it, with the sums as hashlib has them. */
const READ = `
import hashlib, json, sys
from safetensors import safe_open
from safetensors.torch import load_file
given = json.loads(sys.argv[1])
tensors = load_file(given["file"])
with safe_open(given["file"], "pt") as f:
    metadata = f.metadata()
run = json.loads(metadata["run"])
sha256 = lambda data: hashlib.sha256(data).hexdigest()
assert sha256(metadata["run"].encode()) == metadata["sha256"]
for name, x in tensors.items():
    assert sha256(x.numpy().tobytes()) == run["tensors"][name]["sha256"], name
flat = tensors["state.param"]
def parameter(place):
    count = 1
    for size in place["shape"]: count *= size
    return flat[place["offset"]:][:count].tolist()
history = json.loads(bytes(tensors["history"].tolist()))
out = {
    "step": run["step"],
    "parameters": {name: parameter(place) for name, place in run["parameters"].items()},
    "state": {name[6:]: x.flatten().tolist() for name, x in tensors.items() if name.startswith("state.")},
    "losses": [told["loss"] for told in history if told["type"] == "step"],
}
open(given["out"], "w").write(json.dumps(out))
`;

let place: string;
let gpu: Gpu;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'python-'));
  gpu = await softwareGpu();
});
afterAll(() => {
  gpu[Symbol.dispose]();
  rmSync(place, { recursive: true });
});

const reason = noTransformers();
describe.skipIf(reason)(`PyTorch${reason ? `: ${reason}` : ''}`, () => {
  test.each([
    ['lora with dropout', 'exp_avg', 'f32'],
    ['full, adamw in 8 bits', 'model.layers.0.mlp.up_proj.weight.exp_avg', 'u8'],
  ] as const)(
    'reads the checkpoint of a run of %s, and finds the sums right',
    async (kind, moments, dtype) => {
      const folder = new KeptInMemory();
      const { trained, told } = await run(gpu, trainingOf(KINDS[kind]), folder, { stopAfter: 2 });
      const file = join(place, checkpointName(2));
      const out = join(place, 'out.json');
      writeFileSync(file, folder.files.get(checkpointName(2)) as Uint8Array);
      runPython(READ, { file, out });
      const read = JSON.parse(readFileSync(out, 'utf8'));
      const { state } = await newestIn(folder);
      expect(state.tensors[moments]?.dtype).toBe(dtype);
      expect(read).toEqual({
        step: 2,
        parameters: valuesOf(trained),
        state: valuesOf(state.tensors),
        losses: told.flatMap((one) => (one.type === 'step' ? [one.loss] : [])),
      });
    },
  );
});

const valuesOf = (tensors: HostTensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, [...data]]));
