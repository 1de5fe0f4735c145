import { Tape } from '../../autograd/tape.ts';
import { type CheckpointWeight, quantizedTensors } from '../../formats/quantized-checkpoint.ts';
import type { StoredTensor } from '../../formats/safetensors/stored.ts';
import { toStored, writeStored } from '../../formats/safetensors/write.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { headDimOf } from '../../models/llama/config.ts';
import type { LlamaSizes } from '../../models/llama/initial.ts';
import { FOUR_BIT_BLOCKS } from '../../quant/bitsandbytes.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { layerOf } from '../../quantizer/kept-layers.ts';
import { createQuantizer, isUsuallyQuantized } from '../../quantizer/quantizer.ts';
import { type HostTensor, type HostTensors, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { OutputFile } from '../adapter-files.ts';
import { ENGINE } from '../engine-quantizer.ts';

const METHOD = 'nf4';

/**
 * A Llama as transformers and bitsandbytes load it: config.json, and model.safetensors with linears
 * of its layers as NF4 in blocks of 64 and all else in float16. `context` is the longest text that
 * it reads.
 */
export async function modelFiles(
  gpu: Gpu,
  weights: HostTensors,
  { sizes, context, eos }: { sizes: LlamaSizes; context: number; eos: number },
): Promise<readonly OutputFile[]> {
  const quantized = new Map<string, CheckpointWeight>();
  const rest: [string, StoredTensor][] = [];
  for (const [name, weight] of Object.entries(weights)) {
    if (isUsuallyQuantized(name, weight)) quantized.set(name, await inFourBits(gpu, name, weight));
    else rest.push([name, toStored(hostTensorFrom('f16', weight.shape, valuesOf(weight)))]);
  }
  const json = `${JSON.stringify(configOf(sizes, context, eos), null, 2)}\n`;
  return [
    { name: 'config.json', data: new TextEncoder().encode(json) },
    {
      name: 'model.safetensors',
      data: writeStored([...rest, ...quantizedTensors(quantized)], { format: 'pt' }),
    },
  ];
}

async function inFourBits(gpu: Gpu, name: string, weight: HostTensor): Promise<CheckpointWeight> {
  const quantizer = createQuantizer(ENGINE, { method: METHOD });
  using tape = new Tape(gpu);
  using dense = Tensor.from(gpu, weight);
  const { parts } = quantizer.quantizeWeight(tape, dense, layerOf(name));
  const read: Record<string, HostTensor> = {};
  for (const [part, tensor] of Object.entries(parts)) {
    read[part] = await tensor.read();
    tensor[Symbol.dispose]();
  }
  return {
    format: blockFormatOf(METHOD),
    blocksize: FOUR_BIT_BLOCKS.usual,
    shape: weight.shape,
    dtype: 'float16',
    parts: read,
  };
}

/** What LlamaConfig of transformers reads, and BitsAndBytesConfig. */
export function configOf(
  sizes: LlamaSizes,
  context: number,
  eos: number,
): Readonly<Record<string, unknown>> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: sizes.vocab,
    hidden_size: sizes.hidden,
    intermediate_size: sizes.intermediate,
    num_hidden_layers: sizes.layers,
    num_attention_heads: sizes.heads,
    num_key_value_heads: sizes.kv_heads,
    head_dim: headDimOf(sizes),
    hidden_act: 'silu',
    max_position_embeddings: context,
    rms_norm_eps: sizes.rms_eps,
    rope_theta: sizes.rope_theta,
    tie_word_embeddings: sizes.tie_word_embeddings ?? false,
    bos_token_id: null,
    eos_token_id: eos,
    pad_token_id: eos,
    torch_dtype: 'float16',
    quantization_config: {
      quant_method: 'bitsandbytes',
      load_in_4bit: true,
      bnb_4bit_quant_type: METHOD,
      bnb_4bit_use_double_quant: false,
      bnb_4bit_compute_dtype: 'float32',
      bnb_4bit_quant_storage: 'uint8',
    },
  };
}
