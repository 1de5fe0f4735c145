import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { float64Of } from '../../formats/safetensors/stored.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import { Layers } from '../../models/layers.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { adaptedLinear, type LinearAdapter } from '../../models/llama/lora/adapted-linear.ts';
import { isQuantized } from '../../quant/weight.ts';
import { judge } from '../../reference/judge.ts';
import type { Value } from '../../reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { continuedConfig } from '../../train/llama/config/continued-config.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { linearAdapters, openModel } from '../../train/llama/open-model.ts';
import { readAdapter } from '../../train/llama/saved-adapter.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { adaptedInt8, baseAlone, type Given, type Held } from './fixtures/int8-oracle.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/**
 * Over a folder that bitsandbytes quantized in 8 bits, linears with adapters and without give what
 * PEFT's and bitsandbytes' give, by the folder's threshold: both sides are held to the bound of the
 * same oracle.
 */

const RUN = `
import json, sys, torch, bitsandbytes
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig
from peft import LoraConfig, get_peft_model
given = json.loads(sys.argv[1])
place = given["place"]
torch.manual_seed(5)
ids = torch.randint(0, 96, (3, 9))
model = AutoModelForCausalLM.from_config(AutoConfig.for_model("qwen2", vocab_size=96, hidden_size=64, intermediate_size=128,
    num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=32, tie_word_embeddings=False))
with torch.no_grad():
    for name, x in model.named_parameters():
        x.copy_(torch.randn(x.shape) * 0.1 + (1 if "norm" in name else 0))
        if "layernorm" in name:
            x[::13] = 4  # columns with outliers
model.save_pretrained(place + "/floats")
def keep(module, _):
    # PEFT's DoRA makes the weight anew on processors, without the statistics that the state has taken over.
    if module.state.CB is not None:
        module.weight.CB = None
for run, (threshold, rules) in given["runs"].items():
    codes = BitsAndBytesConfig(load_in_8bit=True, **({} if threshold is None else {"llm_int8_threshold": float(threshold)}))
    model = AutoModelForCausalLM.from_pretrained(place + "/floats", quantization_config=codes, dtype=torch.float32, attn_implementation="eager")
    model.save_pretrained(f"{place}/{run}/model")
    if threshold is None:
        with open(f"{place}/{run}/model/config.json") as file:
            config = json.load(file)
        del config["quantization_config"]["llm_int8_threshold"]
        with open(f"{place}/{run}/model/config.json", "w") as file:
            json.dump(config, file)
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=6, target_modules=["q_proj", "down_proj"], **rules))
    with torch.no_grad():
        for name, x in adapted.named_parameters():
            if "lora_B" in name:
                x.copy_(torch.randn(x.shape) * 0.1)
            if "magnitude" in name:
                x.mul_(1 + 0.3 * torch.rand(x.shape))
    adapted.save_pretrained(f"{place}/{run}/start")
    adapted.train()
    # In training bitsandbytes decodes the weight on processors, and multiplies codes on any other device.
    for module in adapted.modules():
        if isinstance(module, bitsandbytes.nn.Linear8bitLt):
            module.eval()
            module.register_forward_pre_hook(keep)
    out, seen = {}, {}
    for name in given["layers"]:
        module = adapted.base_model.model.get_submodule(name)
        module.register_forward_pre_hook(lambda _, inputs, name=name: seen.__setitem__(name, inputs[0].detach()))
    adapted(input_ids=ids)
    for name in given["layers"]:
        x = seen[name].clone().requires_grad_()
        module = adapted.base_model.model.get_submodule(name)
        adapted.zero_grad()
        y = module(x)
        dy = torch.randn(y.shape)
        y.backward(dy)
        parts = {"lora_A": "lora_A.default.weight", "lora_B": "lora_B.default.weight", "magnitude": "lora_magnitude_vector.default.weight"}
        grads = {part: module.get_parameter(path).grad for part, path in parts.items() if path in dict(module.named_parameters())}
        out |= {f"{name}/{key}": z.detach().contiguous() for key, z in {"x": x, "y": y, "dy": dy, "grad.x": x.grad, **{"grad." + k: v for k, v in grads.items()}}.items()}
    save_file(out, f"{place}/{run}/layers.bin")
`;

/** By name: what the folder says, the threshold that it means, another one, and PEFT's rules. */
const RUNS = {
  usual: [null, 6, 3, {}],
  none: [0, 0, 6, {}],
  low: [2, 2, 6, { use_rslora: true }],
  dora: [4, 4, 0, { use_dora: true }],
} as const;
type Run = keyof typeof RUNS;
const ADAPTED = ['model.layers.0.self_attn.q_proj', 'model.layers.1.mlp.down_proj'];
const ALONE = ['model.layers.1.self_attn.k_proj', 'model.layers.0.mlp.up_proj'];

type Numbers = Readonly<Record<string, Value>>;

const reason = noTransformers();

describe.skipIf(reason)(`bases in 8 bits${reason ? `: ${reason}` : ''}`, () => {
  let gpu: Gpu;
  let place: string;
  beforeAll(async () => {
    gpu = await softwareGpu();
    place = mkdtempSync(join(tmpdir(), 'int8-adapters-'));
    const runs = Object.fromEntries(
      Object.entries(RUNS).map(([name, [said, , , rules]]) => [name, [said, rules]]),
    );
    runPython(RUN, { place, runs, layers: [...ADAPTED, ...ALONE] });
  }, 600_000);
  afterAll(() => {
    gpu?.[Symbol.dispose]();
    if (place) rmSync(place, { recursive: true, force: true });
  });

  /** The model of a folder with its saved adapter, and how each linear is adapted. */
  async function opened(run: Run) {
    const folder = await filesIn(join(place, run, 'model'));
    const { fields, values } = await readAdapter(await filesIn(join(place, run, 'start')));
    const config = continuedConfig(trainingConfigOf({ type: 'lora' }), fields);
    const known = await modelConfigIn(folder);
    const adapters = linearAdapters(known, config.adapter as NonNullable<typeof config.adapter>);
    return { adapters, model: await openModel(gpu, { folder, config: known }, config, values) };
  }

  const read = async (tensor: Tensor): Promise<Value> => {
    const host = await tensor.read();
    return { shape: host.shape, data: Float64Array.from(valuesOf(host)) };
  };

  /** What a linear gives here for x and dy, by the names of what PEFT recorded, and all that went in. */
  async function computed(model: Llama, name: string, recorded: Numbers, adapter?: LinearAdapter) {
    const { x: hostX, dy: hostDy } = recorded as unknown as Readonly<Record<'x' | 'dy', Value>>;
    using x = Tensor.from(gpu, hostTensorFrom('f32', hostX.shape, hostX.data));
    using dy = Tensor.from(gpu, hostTensorFrom('f32', hostDy.shape, hostDy.data));
    const weight = model.view(`${name}.weight`);
    if (!isQuantized(weight)) throw new Error(`${name} is in floats`);
    const part = (of: string) => model.parameters.view(`${name}.${of}`);
    const names = [
      ...(adapter ? ['lora_A', 'lora_B'] : []),
      ...(adapter?.use_dora ? ['magnitude'] : []),
    ];
    const tensors = Object.fromEntries(names.map((of) => [of, part(of)]));
    const watched: Record<string, Tensor> = { x, ...tensors };
    using tape = new Tape(gpu, Object.values(watched));
    const layers = new Layers(tape, model);
    const linear = { adapter, tensors, weight, trainsBias: false } as never;
    const y = adapter ? adaptedLinear(tape, layers, name, x, linear) : layers.linear(name, x);
    const given: Record<string, Value> = { y: await read(y) };
    const gradients = tape.backward(y, dy);
    for (const [of, tensor] of Object.entries(watched))
      given[`grad.${of}`] = await read(gradients.get(tensor) as Tensor);
    const bias = layers.biasOf(name);
    const inputs: Record<string, Value> = {};
    for (const [of, tensor] of Object.entries<Tensor>({
      ...{
        q_weight: weight.parts['q'] as Tensor,
        weight_stats: weight.parts['row_stats'] as Tensor,
      },
      ...(bias ? { bias } : {}),
      ...tensors,
    }))
      inputs[of] = await read(tensor);
    return { given, inputs: { ...inputs, x: hostX, dy: hostDy } as Given };
  }

  function recordedOf(run: Run, name: string): Numbers {
    const { tensors } = readSafetensors(readFileSync(join(place, run, 'layers.bin')));
    const own = [...tensors].filter(([key]) => key.startsWith(`${name}/`));
    return Object.fromEntries(
      own.map(([key, stored]) => [
        key.slice(name.length + 1),
        { shape: stored.shape, data: float64Of(stored) },
      ]),
    );
  }

  /** Every number is within the bound of the oracle. */
  function holds(numbers: Numbers, truth: Readonly<Record<string, Held>>): void {
    for (const [of, { value, within }] of Object.entries(truth))
      expect(judge(numbers[of] as Value, value, within), of).toMatchObject({ ok: true });
  }

  test.each(Object.keys(RUNS).flatMap((run) => ADAPTED.map((name) => [run as Run, name] as const)))(
    'threshold %s: %s below its adapter',
    async (run, name) => {
      const [, threshold, other] = RUNS[run];
      const recorded = recordedOf(run, name);
      const { model, adapters } = await opened(run);
      using _owned = model;
      const adapter = adapters.get(name) as LinearAdapter;
      const { given, inputs } = await computed(model, name, recorded, adapter);
      const theirs = adaptedInt8(inputs, adapter, { threshold, onProcessors: true });
      const ours = adaptedInt8(inputs, adapter, { threshold, onProcessors: false });
      holds(recorded, theirs);
      holds(given, ours);
      expect(Object.keys(given).sort()).toEqual(Object.keys(ours).sort());
      // Neither the decoded weight nor another threshold gives that.
      const y = ours['y'] as Held;
      for (const how of ['decoded', { threshold: other, onProcessors: false }] as const) {
        const wrong = adaptedInt8(inputs, adapter, how)['y'] as Held;
        expect(judge(wrong.value, y.value, y.within).ok, JSON.stringify(how)).toBe(false);
      }
    },
  );

  test.each(Object.keys(RUNS).flatMap((run) => ALONE.map((name) => [run as Run, name] as const)))(
    'threshold %s: %s without one',
    async (run, name) => {
      const [, threshold] = RUNS[run];
      const recorded = recordedOf(run, name);
      const { model } = await opened(run);
      using _owned = model;
      const { given, inputs } = await computed(model, name, recorded);
      for (const [numbers, onProcessors] of [
        [recorded, true],
        [given, false],
      ] as const) {
        const { y, x } = baseAlone(inputs, { threshold, onProcessors });
        holds(numbers, { y, 'grad.x': x });
      }
    },
  );
});
