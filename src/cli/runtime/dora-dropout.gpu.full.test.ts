import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RandomState } from '../../autograd/random-state.ts';
import { Tape } from '../../autograd/tape.ts';
import { float64Of } from '../../formats/safetensors/stored.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import type { Application } from '../../graph/call.ts';
import { Layers } from '../../models/layers.ts';
import { adaptedLinear } from '../../models/llama/lora/adapted-linear.ts';
import { EPS } from '../../reference/bounds.ts';
import { filledTensor, type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** DoRA with dropout gives what PEFT's layer gives where the same elements are dropped. */

const ROWS = 7;
const IN = 40;
const OUT = 24;
const R = 3;
const P = 0.3;

const RUN = `
import json, sys, torch
from safetensors.torch import load_file, save_file
from peft import LoraConfig, get_peft_model
place = json.loads(sys.argv[1])
given = load_file(place + "/given.bin")
class Given(torch.nn.Module):
    def forward(self, x):
        return x * given["mask"]
out, into = given["weight"].shape
model = torch.nn.Sequential(torch.nn.Linear(into, out))
rules = LoraConfig(r=given["lora_A"].shape[0], lora_alpha=6, lora_dropout=0.5, use_dora=True, bias="all", target_modules=["0"])
layer = get_peft_model(model, rules).base_model.model[0]
trained = {"lora_A": layer.lora_A["default"].weight, "lora_B": layer.lora_B["default"].weight,
    "magnitude": layer.lora_magnitude_vector["default"].weight, "bias": layer.base_layer.bias}
with torch.no_grad():
    layer.base_layer.weight.copy_(given["weight"])
    for name, x in trained.items():
        x.copy_(given[name])
layer.lora_dropout["default"] = Given()
x = given["x"].clone().requires_grad_()
layer.train()
y = layer(x)
y.backward(given["dy"])
layer.eval()
results = {"y": y, "x": x.grad, "whole": layer(x), **{name: each.grad for name, each in trained.items()}}
save_file({name: each.detach().contiguous() for name, each in results.items()}, place + "/results.bin")
`;

const reason = noTransformers();

describe.skipIf(reason)(`DoRA with dropout${reason ? `: ${reason}` : ''}`, () => {
  let gpu: Gpu;
  let place: string;
  beforeAll(async () => {
    gpu = await softwareGpu();
    place = mkdtempSync(join(tmpdir(), 'dora-dropout-'));
  });
  afterAll(() => {
    gpu?.[Symbol.dispose]();
    if (place) rmSync(place, { recursive: true, force: true });
  });

  const random = new Random(3);
  const drawn = (shape: Shape): HostTensor => filledTensor('f32', shape, () => random.normal(1));
  const given = {
    ...{ x: drawn([ROWS, IN]), weight: drawn([OUT, IN]), bias: drawn([OUT]) },
    ...{ lora_A: drawn([R, IN]), lora_B: drawn([OUT, R]), magnitude: drawn([OUT]) },
    dy: drawn([ROWS, OUT]),
  };

  test('outputs and gradients are those of PEFT, and outside of training nothing is dropped', async () => {
    using scope = new Scope();
    const upload = (host: HostTensor) => scope.add(Tensor.from(gpu, host));
    const [x, weight, bias, dy] = [given.x, given.weight, given.bias, given.dy].map(upload) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const tensors = {
      lora_A: upload(given.lora_A),
      lora_B: upload(given.lora_B),
      magnitude: upload(given.magnitude),
    };
    const adapter = { r: R, alpha: 6, use_dora: true, dropout: P };
    const values = {
      names: ['fc.weight', 'fc.bias'],
      view: (name: string) => (name === 'fc.bias' ? bias : weight),
    };
    const linear = { adapter, tensors, weight, trainsBias: true };
    const watched = { x, bias, ...tensors };
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(gpu, Object.values(watched), { random: new RandomState(9), trace });
    const y = adaptedLinear(tape, new Layers(tape, values), 'fc', x, linear);
    const dropped = trace.find(({ op }) => op.name === 'dropout')?.outputs['y'] as Tensor;
    const kept = valuesOf(await dropped.read());
    const mask = kept.map((value) => (value === 0 ? 0 : 1 / (1 - P)));
    const count = mask.filter((factor) => factor === 0).length;
    expect(count).toBeGreaterThan(0.2 * ROWS * IN);
    expect(count).toBeLessThan(0.4 * ROWS * IN);
    const ours: Record<string, Float64Array> = { y: Float64Array.from(valuesOf(await y.read())) };
    const gradients = tape.backward(y, dy);
    for (const [name, tensor] of Object.entries(watched))
      ours[name] = Float64Array.from(valuesOf(await (gradients.get(tensor) as Tensor).read()));
    using still = new Tape(gpu);
    const whole = adaptedLinear(still, new Layers(still, values), 'fc', x, linear);
    ours['whole'] = Float64Array.from(valuesOf(await whole.read()));

    const file = { ...given, mask: hostTensorFrom('f32', [ROWS, IN], mask) };
    writeFileSync(join(place, 'given.bin'), writeSafetensors(file));
    runPython(RUN, place);
    const theirs = readSafetensors(readFileSync(join(place, 'results.bin'))).tensors;
    const apart = (a: Float64Array, b: Float64Array) =>
      a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
    expect([...theirs.keys()].sort()).toEqual(Object.keys(ours).sort());
    // Two programs, each off by as many roundings as a sum has terms and some for what goes before.
    const roundings = 2 * (Math.max(IN, OUT) + R + 8) * EPS;
    for (const [name, stored] of theirs) {
      const truth = float64Of(stored);
      const largest = truth.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(apart(ours[name] as Float64Array, truth), name).toBeLessThan(roundings * largest);
    }
    const all = ours['whole'] as Float64Array;
    expect(apart(ours['y'] as Float64Array, all)).toBeGreaterThan(1);
  });
});
