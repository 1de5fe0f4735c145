import { type Bodies, given, TORCH } from '../body.ts';

/** Adapters of PEFT, around a dense layer or one whose codes are decoded first. */
export const peft: Bodies = {
  lora_linear: ({ r, alpha, use_rslora, use_dora, base, blocksize }) => {
    const dense = base === 'dense' || base === undefined;
    const weight = dense
      ? ['weight = x["weight"].detach()']
      : [
          'shape = torch.Size((x["lora_B"].shape[0], x["lora_A"].shape[1]))',
          `kind = dict(${given({ blocksize, quant_type: base })})`,
          'state = F.QuantState(x["absmax"].detach(), shape, F.get_4bit_type(kind["quant_type"], device=x["absmax"].device), dtype=torch.float32, **kind)',
          'weight = F.dequantize_4bit(x["packed"], state)',
        ];
    return {
      imports: [
        ...TORCH,
        'from peft import LoraConfig',
        'from peft.tuners.lora import Linear',
        ...(dense ? [] : ['import bitsandbytes.functional as F']),
      ],
      lines: [
        ...weight,
        'base = torch.nn.Linear(weight.shape[1], weight.shape[0], bias="bias" in x)',
        'base.weight.data = weight',
        'if "bias" in x: base.bias.data = x["bias"].detach()',
        `config = LoraConfig(${given({ r, lora_alpha: alpha, use_rslora, use_dora })})`,
        'layer = Linear(base, "default", config, r=config.r, lora_alpha=config.lora_alpha)',
        'x["lora_A"] = layer.lora_A["default"].weight = torch.nn.Parameter(x["lora_A"].detach())',
        'x["lora_B"] = layer.lora_B["default"].weight = torch.nn.Parameter(x["lora_B"].detach())',
        ...(use_dora
          ? [
              'x["magnitude"] = layer.lora_magnitude_vector["default"].weight = torch.nn.Parameter(x["magnitude"].detach())',
            ]
          : []),
        'got = {"y": layer(x["x"])}',
      ],
    };
  },
};
