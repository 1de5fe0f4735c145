import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sampleCheckpoint } from '../../train/checkpoint/fixtures/sample.ts';
import { writeRunCheckpoint } from '../../train/checkpoint/write-run-checkpoint.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';

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
place = run["parameters"]["layers.0.lora_A"]
flat = tensors["state.param"]
first = flat[place["offset"]:][: place["shape"][0] * place["shape"][1]]
out = {
    "step": run["step"],
    "first": first.tolist(),
    "moments": tensors["state.exp_avg"].tolist(),
    "codes": tensors["state.codes"].tolist(),
    "loss": json.loads(bytes(tensors["history"].tolist()))[1]["loss"],
}
open(given["out"], "w").write(json.dumps(out))
`;

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'python-'));
});
afterEach(() => rmSync(place, { recursive: true }));

const reason = noTransformers();
describe.skipIf(reason)(`PyTorch${reason ? `: ${reason}` : ''}`, () => {
  test('reads a checkpoint, and finds the sums right', async () => {
    const file = join(place, 'step-00000050.safetensors');
    const out = join(place, 'out.json');
    writeFileSync(file, await writeRunCheckpoint(sampleCheckpoint()));
    runPython(READ, { file, out });
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual({
      ...{ step: 50, first: [1.5, -0], moments: [1, 2, 3, 4, 5], codes: [0, 128, 255] },
      loss: 2.25,
    });
  });
});
