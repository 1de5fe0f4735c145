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
import { schemeOf } from '../../quantizer/registry.ts';
import { EPS } from '../../reference/bounds.ts';
import { SCALE, SCALE_ON_CPU } from '../../reference/quant/coded-product.ts';
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
import bitsandbytes, json, sys, torch
from safetensors.torch import load_file, save_file
from peft import LoraConfig, get_peft_model
place = json.loads(sys.argv[1])
given = load_file(place + "/given.bin")
class Given(torch.nn.Module):
    def forward(self, x):
        return x * given["mask"]
out, into = given["weight"].shape
is_coded = "row_stats" in given
if is_coded:
    base = bitsandbytes.nn.Linear8bitLt(into, out, has_fp16_weights=False, threshold=2.0)
    q = given["weight"].to(torch.int8)
    base.weight = bitsandbytes.nn.Int8Params(q, requires_grad=False, has_fp16_weights=False, CB=q, SCB=given["row_stats"])
else:
    base = torch.nn.Linear(into, out)
model = torch.nn.Sequential(base)
model.is_loaded_in_8bit = is_coded
rules = LoraConfig(r=given["lora_A"].shape[0], lora_alpha=6, lora_dropout=0.5, use_dora=True, bias="all", target_modules=["0"])
layer = get_peft_model(model, rules).base_model.model[0]
trained = {"lora_A": layer.lora_A["default"].weight, "lora_B": layer.lora_B["default"].weight,
    "magnitude": layer.lora_magnitude_vector["default"].weight, "bias": layer.base_layer.bias}
with torch.no_grad():
    if not is_coded:
        base.weight.copy_(given["weight"])
    for name, x in trained.items():
        x.copy_(given[name])
layer.lora_dropout["default"] = Given()
x = given["x"].clone().requires_grad_()
layer.train()
# In training bitsandbytes leaves codes of x out on processors.
base.eval()
alone = base(x.detach())
y = layer(x)
y.backward(given["dy"])
layer.eval()
if is_coded:
    # PEFT has made the weight anew, without the statistics that the state has taken over.
    base.weight.CB = None
results = {"y": y, "x": x.grad, "whole": layer(x), "alone": alone, **{name: each.grad for name, each in trained.items()}}
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

  const codes = {
    weight: filledTensor('i8', [OUT, IN], () => random.integer(-127, 127)),
    row_stats: filledTensor('f32', [OUT], () => random.uniform(1, 3)),
  };

  test.each([
    ['floats', {}],
    ['codes of LLM.int8', codes],
  ])(
    'outputs and gradients over %s are those of PEFT, and outside of training nothing is dropped',
    async (_, coded) => {
      using scope = new Scope();
      const upload = (host: HostTensor) => scope.add(Tensor.from(gpu, host));
      const file = { ...given, ...coded };
      const [x, bias, dy, stored] = [file.x, file.bias, file.dy, file.weight].map(upload) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const scheme = schemeOf({ method: 'llm_int8', threshold: 2 });
      const weight =
        'row_stats' in file
          ? scheme.weight({ q: stored, row_stats: upload(file.row_stats) }, [OUT, IN])
          : stored;
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

      const dropping = { mask: hostTensorFrom('f32', [ROWS, IN], mask) };
      writeFileSync(join(place, 'given.bin'), writeSafetensors({ ...file, ...dropping }));
      runPython(RUN, place);
      const results = readSafetensors(readFileSync(join(place, 'results.bin'))).tensors;
      const alone = results.get('alone');
      const theirs = new Map([...results].filter(([name]) => name !== 'alone'));
      const apart = (a: Float64Array, b: Float64Array) =>
        a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
      expect([...theirs.keys()].sort()).toEqual(Object.keys(ours).sort());
      // Two programs, each off by as many roundings as a sum has terms and some for what goes before.
      const roundings = 2 * (Math.max(IN, OUT) + R + 8) * EPS;
      const largestOf = (numbers: Float64Array) =>
        numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // What bitsandbytes multiplies sums of codes by on processors is not quite 1 / 127^2. DoRA's gains
      // are below 1 here.
      const ofScale =
        'row_stats' in file ? (SCALE_ON_CPU / SCALE - 1) * largestOf(float64Of(alone as never)) : 0;
      for (const [name, stored] of theirs) {
        const truth = float64Of(stored);
        const allowed =
          roundings * largestOf(truth) + (['y', 'whole'].includes(name) ? ofScale : 0);
        expect(apart(ours[name] as Float64Array, truth), name).toBeLessThan(allowed);
      }
      const all = ours['whole'] as Float64Array;
      expect(apart(ours['y'] as Float64Array, all)).toBeGreaterThan(1);
    },
  );
});
