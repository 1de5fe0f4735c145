import { Tape } from '../../../autograd/tape.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import type { Llama } from '../../../models/llama/llama.ts';
import type { LinearAdapter } from '../../../models/llama/lora/adapted-linear.ts';
import { inFloats, mergedBias, mergedWeight } from '../../../models/llama/lora/merged-weight.ts';
import type { HostTensor } from '../../../tensor/host.ts';
import { JoinedRows } from '../../../tensor/joined-rows.ts';
import type { Tensor } from '../../../tensor/tensor.ts';

/** A value of a model in floats, without adapters. */
export interface WholeValue {
  /** f32, of a weight below an adapter what both do together. */
  readonly value: HostTensor;
  /** What the adapter was merged into; absent where there is none. */
  readonly base?: HostTensor;
}

/** Reads a value by transformers' name back, merged and decoded; no other is in floats meanwhile. */
export async function wholeValue(
  gpu: Gpu,
  model: Llama,
  name: string,
  adapters: ReadonlyMap<string, LinearAdapter>,
): Promise<WholeValue> {
  const table = model.partedTable(name);
  if (table) return { value: await new JoinedRows(table.parts).read() };
  using tape = new Tape(gpu);
  const module = name.slice(0, name.lastIndexOf('.'));
  const adapter = adapters.get(module);
  const base = inFloats(tape, model.view(name), name);
  const part = (end: string) => model.view(`${module}.${end}`) as Tensor;
  if (adapter?.lora_bias && name.endsWith('.bias')) {
    const bias = mergedBias(tape, base, { name: module, bias: part('lora_bias'), adapter });
    return { value: await bias.read() };
  }
  if (!adapter || !name.endsWith('.weight')) return { value: await base.read() };
  const tensors = {
    lora_A: part('lora_A'),
    lora_B: part('lora_B'),
    magnitude: adapter.use_dora ? part('magnitude') : undefined,
  };
  const { weight } = mergedWeight(tape, base, { name: module, tensors, adapter });
  return { value: await weight.read(), base: await base.read() };
}
