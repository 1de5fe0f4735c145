import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { covers } from '../../catalog/covers.ts';
import { float64Of, type StoredTensor } from '../../formats/safetensors/stored.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { probe } from '../../gpu/probe.ts';
import { Scope } from '../../gpu/scope.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { tinyLlamaConfig } from '../../models/tiny-model.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { type DeviceWeight, decodedWeight } from '../../quantizer/coding.ts';
import { createQuantizer } from '../../quantizer/quantizer.ts';
import { blockAbsmax } from '../../reference/quant/blocks.ts';
import { acceptsByte, blockRanks, inBand } from '../../reference/quant/ranks.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ENGINE } from '../../train/engine-quantizer.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A model that is loaded in floats and quantized to NF4 here, beside what bitsandbytes makes of it. */

const TOKENS = 32;
const VOCABULARY = 32_000;
const BLOCK = 64;
const FORMAT = blockFormatOf('nf4');
const IDS = Array.from({ length: TOKENS }, (_, i) => (i * 997 + 3) % VOCABULARY);
/** Elements of a block of zeros, of either sign, in these layers. */
const ZEROS = [
  { layer: 'model.layers.0.self_attn.k_proj', first: 5 * BLOCK, zero: 0 },
  { layer: 'model.layers.3.mlp.down_proj', first: 9 * BLOCK, zero: -0 },
  { layer: 'lm_head', first: 77 * BLOCK, zero: 0 },
];

/** Draws the model, and quantizes all its linears on each device that PyTorch has here. */
const SAVE = `
import copy, json, sys, torch
from bitsandbytes import functional, nn
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM
given = json.loads(sys.argv[1])
place, block = given["place"], given["block"]
torch.manual_seed(3)
model = LlamaForCausalLM(LlamaConfig(**json.load(open(place + "/config.json")))).eval()
with torch.no_grad():
    model.lm_head.weight.normal_(0, 0.1)
    for zeros in given["zeros"]:
        model.get_submodule(zeros["layer"]).weight.view(-1)[zeros["first"]:][:block] = float(zeros["zero"])
model.save_pretrained(place + "/floats")
for device in ["cpu"] + ["cuda"] * torch.cuda.is_available():
    quantized, own = copy.deepcopy(model), {}
    for name, layer in model.named_modules():
        if not isinstance(layer, torch.nn.Linear):
            continue
        linear = nn.Linear4bit(layer.in_features, layer.out_features, bias=False, compute_dtype=torch.float32,
            compress_statistics=False, quant_type="nf4")
        linear.weight = nn.Params4bit(layer.weight.data, requires_grad=False, compress_statistics=False,
            blocksize=block, quant_type="nf4")
        linear.support_avx512bf16_for_cpu = False  # its products are in bfloat16
        linear.to(device)
        quantized.set_submodule(name, linear)
        state = linear.weight.quant_state
        own[name + ".packed"], own[name + ".absmax"] = linear.weight.data, state.absmax
        own[name + ".decoded"] = functional.dequantize_4bit(linear.weight.data, state).view(-1)
    for zeros in given["zeros"]:
        decoded = own[zeros["layer"] + ".decoded"]
        own[zeros["layer"] + ".zeros"] = decoded[zeros["first"]:][:block]
    with torch.no_grad():
        own["logits"] = quantized.to(device)(input_ids=torch.tensor([given["ids"]], device=device)).logits
    files = {name: x.cpu().clone() for name, x in own.items() if not name.endswith(".decoded")}
    save_file(files, f"{place}/{device}.bin")
`;

const reason = noTransformers();

describe.skipIf(reason)(`NF4 of bitsandbytes${reason ? `: ${reason}` : ''}`, () => {
  let gpu: Gpu;
  let place: string;
  let model: Llama;
  let layers: readonly string[];
  /** Live bytes with the weights in floats, and in codes. */
  let bytes: { readonly before: number; readonly after: number };
  const owned = new Scope();

  beforeAll(async () => {
    gpu = owned.add(await softwareGpu());
    place = mkdtempSync(join(tmpdir(), 'nf4-'));
    const { model_type: _, ...config } = tinyLlamaConfig();
    writeFileSync(join(place, 'config.json'), JSON.stringify(config));
    const zeros = ZEROS.map((own) => ({ ...own, zero: Object.is(own.zero, -0) ? '-0' : '0' }));
    runPython(SAVE, { place, block: BLOCK, ids: IDS, zeros });
    model = owned.add(
      await loadLlama(gpu, await filesIn(join(place, 'floats')), { length: TOKENS }),
    );
    const before = gpu.memory.ledger.liveBytes;
    const quantizer = createQuantizer(ENGINE, { method: 'nf4', groupSize: BLOCK });
    layers = quantizer.quantizeModel(model).layers.map(({ name }) => name);
    await gpu.finish();
    bytes = { before, after: gpu.memory.ledger.liveBytes };
  }, 300_000);
  afterAll(() => {
    owned[Symbol.dispose]();
    if (place) rmSync(place, { recursive: true, force: true });
  });

  type Tensors = ReadonlyMap<string, StoredTensor>;
  const read = (name: string): Tensors => readSafetensors(readFileSync(join(place, name))).tensors;
  const valuesIn = (tensors: Tensors, name: string) => float64Of(tensors.get(name) as StoredTensor);
  const ofBitsandbytes = (device: string) => read(`${device}.bin`);
  const weightOf = (layer: string) => model.view(`${layer}.weight`) as DeviceWeight;
  const partOf = async (layer: string, part: string) =>
    valuesOf(await (weightOf(layer).parts[part] as Tensor).read());
  const logits = async () => {
    using ids = Tensor.from(gpu, hostTensorFrom('i32', [1, TOKENS], IDS));
    using tape = new Tape(gpu);
    return valuesOf(await model.forward(tape, { ids }).read());
  };

  /** Returns the share of codes that had a choice. */
  async function expectCodes(theirs: Tensors): Promise<number> {
    const { rounding, exactDivision } = await probe(gpu);
    const ieee = rounding === 'nearest' && exactDivision;
    const floats = read('floats/model.safetensors');
    let open = 0;
    let count = 0;
    for (const layer of layers) {
      const weight = valuesIn(floats, `${layer}.weight`);
      const absmax = blockAbsmax(weight, BLOCK);
      const ranks = blockRanks(weight, absmax, BLOCK, FORMAT, false);
      const ours = await partOf(layer, 'packed');
      const own = valuesIn(theirs, `${layer}.packed`);
      expect(ours.length, layer).toBe(weight.length / 2);
      expect(own.length, layer).toBe(ours.length);
      const off = ours.findIndex((byte, k) => {
        // Codes of a block of zeros decode to zeros, whatever they are.
        if (byte === own[k] || absmax[Math.floor((2 * k) / BLOCK)] === 0) return false;
        return ieee || ![byte, own[k] as number].every((b) => acceptsByte(b, k, ranks, FORMAT));
      });
      expect(off, layer).toBe(-1);
      open += inBand(ranks, FORMAT);
      count += weight.length;
    }
    expect(layers).toHaveLength(29);
    return open / count;
  }

  async function expectZeros(theirs: Tensors): Promise<void> {
    for (const { layer, first } of ZEROS) {
      using tape = new Tape(gpu);
      const ours = valuesOf(await decodedWeight(tape, weightOf(layer), layer).read());
      const own = valuesIn(theirs, `${layer}.zeros`);
      expect(own, layer).toHaveLength(BLOCK);
      expect(
        [...own].every((x, i) => x === ours[first + i]),
        layer,
      ).toBe(true);
    }
  }

  async function expectAbsmax(theirs: Tensors): Promise<void> {
    /** Of numbers that are not negative, whole numbers as far apart as these are. */
    const inUlps = (of: Float64Array) => new Int32Array(Float32Array.from(of).buffer);
    for (const layer of layers) {
      const ours = inUlps(await partOf(layer, 'absmax'));
      const own = inUlps(valuesIn(theirs, `${layer}.absmax`));
      expect(ours.length, layer).toBe(own.length);
      const off = own.findIndex((x, j) => Math.abs(x - (ours[j] as number)) > 1);
      expect(off, layer).toBe(-1);
    }
  }

  async function expectLogits(theirs: Tensors): Promise<void> {
    const ours = await logits();
    const own = valuesIn(theirs, 'logits');
    expect(own).toHaveLength(TOKENS * VOCABULARY);
    expect(ours).toHaveLength(own.length);
    const largest = (of: Float64Array) => of.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(largest(own), 'a model that says something').toBeGreaterThan(1);
    expect(largest(own.map((x, i) => x - (ours[i] as number)))).toBeLessThanOrEqual(2e-2);
  }

  async function expectTop1(theirs: Tensors): Promise<void> {
    const ours = await logits();
    const own = valuesIn(theirs, 'logits');
    const rowOf = (of: Float64Array, i: number) =>
      of.subarray(i * VOCABULARY, (i + 1) * VOCABULARY);
    const first = (row: Float64Array) => row.indexOf(Math.max(...row));
    const sure = IDS.flatMap((_, i) => {
      const [most, next] = rowOf(own, i).toSorted().slice(-2).toReversed() as unknown as Pair;
      return most - next > 4e-2 ? [i] : [];
    });
    expect(sure.length).toBeGreaterThanOrEqual(16);
    expect(sure.map((i) => first(rowOf(ours, i)))).toEqual(sure.map((i) => first(rowOf(own, i))));
  }

  test(
    'codes are equal outside the band around thresholds, all of them where arithmetic is exact',
    covers('fsdp.backend.cuda-model-loading-and-quantization/codes-outside-band').control(
      'neighbouring codes are swapped',
      {
        file: 'shaders/quant/quantize.wgsl',
        from: 'vec4u(encode(y.x), encode(y.y), encode(y.z), encode(y.w))',
        to: 'vec4u(encode(y.y), encode(y.x), encode(y.w), encode(y.z))',
      },
    ),
    async ({ annotate }) => {
      const share = await expectCodes(ofBitsandbytes('cpu'));
      await annotate(`inside the band: ${(100 * share).toFixed(4)} % of codes`);
    },
  );

  test(
    'blocks of zeros decode to the same numbers',
    covers('fsdp.backend.cuda-model-loading-and-quantization/zero-blocks-decoded').control(
      'half a block is that of four elements later',
      {
        file: 'shaders/quant/quantize.wgsl',
        from: 'let last = elements_at(i + 8u);',
        to: 'let last = elements_at(i + 9u);',
      },
    ),
    async () => await expectZeros(ofBitsandbytes('cpu')),
  );

  test(
    'scales are equal to a bit in the last place',
    covers('fsdp.backend.cuda-model-loading-and-quantization/absmax-1-ulp').control(
      'negative elements have no size',
      {
        file: 'shaders/quant/quantize.wgsl',
        from: 'return bitcast<vec4i>(bits & vec4u(0x7fffffffu));',
        to: 'return bitcast<vec4i>(bits);',
      },
    ),
    async () => await expectAbsmax(ofBitsandbytes('cpu')),
  );

  test(
    'without the weights in floats less than 0.6 of the bytes is live, head included',
    covers('fsdp.backend.cuda-model-loading-and-quantization/live-bytes-ratio').control(
      'the head stays in floats',
      {
        file: 'src/quantizer/quantizer.ts',
        from: "name.endsWith('.weight') && shape.length > 1",
        to: "name.endsWith('_proj.weight') && shape.length > 1",
      },
    ),
    () => {
      expect(bytes.after).toBeLessThan(0.6 * bytes.before);
      // What is left is the table of embeddings and all else in half a byte, with scales.
      expect(bytes.after).toBeGreaterThan(4 * 256 * VOCABULARY);
    },
  );

  test(
    'logits are those that bitsandbytes computes',
    covers('fsdp.backend.cuda-model-loading-and-quantization/logits-agree').control(
      'positions turn by another base',
      {
        file: 'src/models/llama/rotary.ts',
        from: 'theta: config.rope_theta,',
        to: 'theta: 100,',
      },
    ),
    async () => await expectLogits(ofBitsandbytes('cpu')),
  );

  test(
    'the first token is the same wherever it is sure',
    covers('fsdp.backend.cuda-model-loading-and-quantization/top-1-equal').control(
      'tokens see those behind them',
      {
        file: 'src/models/llama/llama.ts',
        from: 'causal: true, maskOf:',
        to: 'causal: false, maskOf:',
      },
    ),
    async () => await expectTop1(ofBitsandbytes('cpu')),
  );

  test('so it is beside its kernels for CUDA', async ({ skip }) => {
    skip(!existsSync(join(place, 'cuda.bin')), 'PyTorch finds no CUDA device here');
    const theirs = ofBitsandbytes('cuda');
    await expectCodes(theirs);
    await expectZeros(theirs);
    await expectAbsmax(theirs);
    await expectLogits(theirs);
    await expectTop1(theirs);
  });
});

type Pair = readonly [most: number, next: number];
