import type { StoredWeight } from '../recordings.ts';
import { literal, oneLine } from './literal.ts';

/**
 * The lines that decode a weight of a checkpoint with bitsandbytes, and compare it with what its
 * codes and scales say.
 */
export function weightCheck({ file, weight }: StoredWeight): string {
  return [
    `# ${oneLine(weight)} of ${oneLine(file)}`,
    '# pip install safetensors torch bitsandbytes',
    'import torch',
    'import bitsandbytes.functional as F',
    'from safetensors import safe_open',
    '',
    `name = ${literal(weight)}`,
    `with safe_open(${literal(file)}, "pt") as file:`,
    '    t = {key[len(name):].lstrip("."): file.get_tensor(key) for key in file.keys() if f"{key}.".startswith(f"{name}.")}',
    'packed = t.pop("")',
    'state = F.QuantState.from_dict(t, device=torch.device("cpu"))',
    'absmax = F.dequantize_blockwise(state.absmax, state.state2) + state.offset if state.nested else state.absmax',
    'codes = torch.stack([packed.flatten() >> 4, packed.flatten() & 15], 1).flatten().long()[:state.shape.numel()]',
    'right = (state.code[codes] * absmax.repeat_interleave(state.blocksize)[:len(codes)]).reshape(state.shape).to(state.dtype)',
    'print("weight differs by at most", (F.dequantize_4bit(packed, state).double() - right.double()).abs().max().item())',
  ].join('\n');
}
