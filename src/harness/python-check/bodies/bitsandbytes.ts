import { type Bodies, given, TORCH } from '../body.ts';
import { literal } from '../literal.ts';
import { steps } from './tensors.ts';

const FUNCTIONS = [...TORCH, 'import bitsandbytes.functional as F'];

/** Formats, layers and optimizers of bitsandbytes. */
export const bitsandbytes: Bodies = {
  quantize_4bit: ({ quant_type, blocksize, compress_statistics }) => ({
    imports: FUNCTIONS,
    lines: [
      `packed, state = F.quantize_4bit(x["weight"], ${given({ blocksize, quant_type, compress_statistics })})`,
      `got = {"packed": packed, "dequant": F.dequantize_4bit(packed, state)}`,
      ...(compress_statistics
        ? [
            'got |= {"absmax_q": state.absmax, "nested_absmax": state.state2.absmax, "nested_offset": state.offset}',
            'got["absmax"] = F.dequantize_blockwise(state.absmax, state.state2) + state.offset',
          ]
        : ['got["absmax"] = state.absmax']),
    ],
  }),
  quantize_blockwise: ({ blocksize }) => ({
    imports: FUNCTIONS,
    lines: [
      `q, state = F.quantize_blockwise(x["x"], code=x["code"], blocksize=${literal(blocksize)})`,
      'got = {"q": q, "absmax": state.absmax, "dequant": F.dequantize_blockwise(q, state)}',
    ],
  }),
  dynamic_map: ({ signed, max_exponent_bits, total_bits }) => ({
    imports: FUNCTIONS,
    lines: [
      `got = {"code": F.create_dynamic_map(${given({ signed, max_exponent_bits, total_bits })})}`,
    ],
  }),
  int8_vectorwise_quant: ({ threshold }) => ({
    imports: FUNCTIONS,
    lines: [
      `q, stats, columns = F.int8_vectorwise_quant(x["x"], ${literal(threshold)})`,
      'got = {"q": q, "row_stats": stats, "dequant": F.int8_vectorwise_dequant(q, stats)}',
      'if columns is not None: got["outlier_cols"] = columns',
    ],
  }),
  linear_8bit_lt: ({ threshold }) => ({
    imports: [...FUNCTIONS, 'from bitsandbytes.nn import Int8Params, Linear8bitLt'],
    lines: [
      'rows, columns = x["weight"].shape',
      `layer = Linear8bitLt(columns, rows, bias="bias" in x, has_fp16_weights=False, threshold=${literal(threshold)})`,
      'layer.weight = Int8Params(x["weight"].half().cpu(), requires_grad=False, has_fp16_weights=False)',
      'if "bias" in x: layer.bias = torch.nn.Parameter(x["bias"])',
      'layer = layer.to(x["x"].device).eval()  # in train mode the CPU computes in floats',
      'with torch.no_grad(): got = {"y": layer(x["x"])}',
      `q, stats, _ = F.int8_vectorwise_quant(x["x"].flatten(0, -2).half(), ${literal(threshold)})`,
      'got |= {"q_x": q, "row_stats": stats}',
    ],
  }),
  optimizer_steps: ({ optimizer, lr, betas, eps, weight_decay, min_8bit_size }) =>
    optimizer === 'adamw8bit'
      ? {
          imports: [...TORCH, 'import bitsandbytes'],
          lines: steps(
            `bitsandbytes.optim.AdamW8bit([p], ${given({ lr, betas, eps, weight_decay, min_8bit_size })})`,
          ),
        }
      : undefined,
};
