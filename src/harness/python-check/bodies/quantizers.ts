import { type Bodies, given, TORCH } from '../body.ts';
import { literal } from '../literal.ts';

/** HQQ's quantizer. */
export const hqq: Bodies = {
  hqq_quantize: ({ nbits, axis, group_size, optimize, round_zero, quant_zero, quant_scale }) => ({
    imports: [...TORCH, 'from hqq.core.quantize import Quantizer'],
    lines: [
      `packed, meta = Quantizer.quantize(x["weight"], ${given({ nbits, axis, group_size, optimize, round_zero })}, device=x["weight"].device)`,
      'got = {"packed": packed, "scale": meta["scale"], "zero": meta["zero"]}',
      ...(quant_zero ? metaOf('zero', 'channel_wise=False, group_size=None') : []),
      ...(quant_scale ? metaOf('scale', 'group_size=128') : []),
      'got["dequant"] = Quantizer.dequantize(packed, meta)',
    ],
  }),
};

/** Zeros or scales that are quantized in turn, and decoded from that. */
const metaOf = (part: 'zero' | 'scale', how: string): readonly string[] => [
  `got["${part}_q"], of_${part} = Quantizer.quantize(meta["${part}"], nbits=8, ${how}, optimize=False, device=x["weight"].device)`,
  `got["meta_${part}_scale"], got["meta_${part}_zero"] = of_${part}["scale"], of_${part}["zero"]`,
  `meta["${part}"] = Quantizer.dequantize(got["${part}_q"], {**of_${part}, "compute_dtype": torch.float32})`,
];

/** Quanto's weights: those of 8 bits are symmetric along an axis, smaller ones affine. */
export const quanto: Bodies = {
  quanto_quantize: ({ qtype, axis, group_size }) => ({
    imports: [
      ...TORCH,
      'from optimum.quanto import AbsmaxOptimizer, MaxOptimizer, qtypes',
      'from optimum.quanto.tensor import quantize_weight',
    ],
    lines: [
      `qtype, axis, group = qtypes[${literal(qtype)}], ${literal(axis)}, ${literal(group_size)}`,
      ...(/^qint[24]$/.test(String(qtype))
        ? [
            '# Quanto compiles C++ when it unpacks for the first time, which may take a minute.',
            'scale, shift = MaxOptimizer()(x["weight"], qtype, axis, group)',
            'got = {"scale": scale, "shift": shift}',
            'got["dequant"] = quantize_weight(x["weight"], qtype, axis, scale, shift, group).dequantize()',
          ]
        : [
            'scale = AbsmaxOptimizer()(x["weight"], qtype, axis)',
            'got = {"scale": scale, "dequant": quantize_weight(x["weight"], qtype, axis, scale).dequantize()}',
          ]),
    ],
  }),
};

const GGUF = [...TORCH, 'from gguf import GGMLQuantizationType, quants'];

const typeOf = (quant_type: unknown) =>
  `kind = GGMLQuantizationType[${literal(String(quant_type).toUpperCase())}]`;

/** Blocks of GGUF files. */
export const gguf: Bodies = {
  gguf_quantize: ({ quant_type }) => ({
    imports: GGUF,
    lines: [
      typeOf(quant_type),
      'got = {"packed": torch.from_numpy(quants.quantize(x["weight"].float().numpy(), kind))}',
    ],
  }),
  gguf_dequantize: ({ quant_type }) => ({
    imports: GGUF,
    lines: [
      typeOf(quant_type),
      'got = {"y": torch.from_numpy(quants.dequantize(x["packed"].numpy(), kind))}',
    ],
  }),
};

/** Ternary formats, which no library defines: the formulas themselves. */
export const numpy: Bodies = {
  ternary_quantize: ({ threshold_factor }) => ({
    imports: TORCH,
    lines: [
      `w = x["weight"].double()`,
      `threshold = ${literal(threshold_factor)} * w.abs().mean()`,
      'trits = w.sign() * (w.abs() > threshold)',
      'scale = w[trits != 0].abs().mean() if trits.any() else torch.zeros(())',
      'got = {"trits": trits, "threshold": threshold, "scale": scale, "dequant": trits * scale}',
    ],
  }),
  bitnet_quantize: ({ eps }) => ({
    imports: TORCH,
    lines: [
      'w = x["weight"].double()',
      'scale = w.abs().mean()',
      `trits = (w / (scale + ${literal(eps)})).round().clamp(-1, 1)`,
      'got = {"trits": trits, "scale": scale, "dequant": trits * scale}',
    ],
  }),
};
