import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { CaseResult } from '../report/schema.ts';
import { pythonCheck } from './python-check.ts';
import type { Recording } from './recordings.ts';

const QUANTIZED: Recording = {
  op: 'quantize_4bit',
  params: { quant_type: 'nf4', blocksize: 128, compress_statistics: false },
  producer: 'bitsandbytes 0.50.2 + torch 2.15.0+cu132',
  device: 'cpu',
  note: undefined,
  file: 'nf4_64x64.safetensors',
  bytes: new Uint8Array(),
  recorded: { date: '2026-11-20', processor: 'x86_64 AuthenticAMD 25 17 1 avx2 fma avx512f' },
  hasGradients: false,
};

test('names the library with its version, the file, and the call that recorded', () => {
  const lines = pythonCheck(QUANTIZED, undefined);
  expect(lines).toContain(
    '# nf4_64x64.safetensors: recorded with bitsandbytes 0.50.2 + torch 2.15.0+cu132 (cpu) on 2026-11-20',
  );
  expect(lines).toContain('\n# on x86_64 AuthenticAMD 25 17 1 avx2 fma avx512f\n');
  expect(lines).toContain('# pip install safetensors bitsandbytes==0.50.2 torch==2.15.0');
  expect(lines).toContain(
    'F.quantize_4bit(x["weight"], blocksize=128, quant_type="nf4", compress_statistics=False)',
  );
  expect(lines).not.toContain('should be');
});

test('what is to be installed is what the lines import', () => {
  const every: readonly (readonly [
    producer: string,
    device: string,
    op: string,
    installed: string,
  ])[] = [
    ['mlx 0.32.4', 'mlx', 'silu', 'safetensors "mlx[cpu]==0.32.4" numpy torch'],
    ['mlx 0.32.4', 'mlx (Apple M2)', 'silu', 'safetensors mlx==0.32.4 numpy torch'],
    ['onnxruntime 1.31.1', 'cpu', 'sigmoid', 'safetensors onnxruntime==1.31.1 numpy onnx torch'],
    ['onnx 1.23.2 (backend node test)', 'cpu', 'relu', 'safetensors onnx==1.23.2 numpy torch'],
    ['numpy 2.4.6 (float64 formula)', 'cpu', 'bitnet_quantize', 'safetensors torch'],
    [
      'gradproof 0.1.0 (float64 oracle)',
      'cpu',
      'lora_linear',
      'bitsandbytes peft safetensors torch',
    ],
  ];
  for (const [producer, device, op, installed] of every) {
    const lines = pythonCheck(
      { ...QUANTIZED, producer, device, op, params: { base: 'nf4', eps: 1e-5 } },
      undefined,
    );
    expect([producer, /^# pip install (.*)$/m.exec(lines)?.[1]]).toEqual([producer, installed]);
  }
});

test('a deviation is a reproduction: element, right value, instruction set', () => {
  const finding = {
    code: 'producer-deviates',
    message:
      'bitsandbytes 0.50.2 (cpu): dequant[2, 0] is 0.0523, its own codes and scales give 0.0458; 3581 of 4096 elements differ',
    at: { index: [2, 0], actual: 0.0523, expected: 0.0458 },
  };
  const lines = pythonCheck(QUANTIZED, { finding } as unknown as CaseResult);
  expect(lines).toContain(
    'print("dequant[2, 0] should be 0.0458 and is", got["dequant"].reshape(t["out.dequant"].shape)[2, 0].item())',
  );
  expect(lines).toContain('get_cpu_capability()');
});

test('a recording of a GPU is computed there, and compared on the processor', () => {
  for (const [device, place] of [
    ['cuda:1 (NVIDIA H200)', 'cuda:1'],
    ['mps', 'mps'],
  ] as const) {
    const lines = pythonCheck({ ...QUANTIZED, device }, undefined).split('\n');
    expect(lines.filter((line) => line.includes(`"${place}"`))).toEqual([
      `torch.set_default_device("${place}")  # where it was recorded`,
      `x = {name[3:]: v.to("${place}") for name, v in t.items() if name.startswith("in.") and not name.startswith("in.grad.")}`,
    ]);
    expect(lines.at(lines.indexOf('for name, v in got.items():') - 1)).toBe(
      'got = {name: v.cpu() for name, v in got.items()}',
    );
  }
  for (const device of ['cpu', 'mlx (Apple M2)', 'cuda"); import os'])
    expect(pythonCheck({ ...QUANTIZED, device }, undefined)).not.toContain('set_default_device');
});

test('no line names the processor where another device may have recorded', () => {
  const every: readonly (readonly [
    producer: string,
    op: string,
    params: Record<string, unknown>,
  ])[] = [
    ['torch 2.15.0', 'grad_scaler', {}],
    ['peft 0.21.2', 'lora_linear', { r: 8, alpha: 16, base: 'nf4', blocksize: 64 }],
    ['hqq 0.2.8', 'hqq_quantize', { nbits: 4, axis: 1, group_size: 64 }],
    ['bitsandbytes 0.50.2', 'linear_8bit_lt', { threshold: 6 }],
  ];
  for (const [producer, op, params] of every) {
    expect(
      pythonCheck({ ...QUANTIZED, producer, op, params, device: 'cuda:0' }, undefined),
    ).not.toContain('"cpu"');
  }
});

test('gradients go through autograd', () => {
  const recording = {
    ...QUANTIZED,
    op: 'matmul',
    params: {},
    producer: 'torch 2.15.0',
    hasGradients: true,
  };
  expect(pythonCheck(recording, undefined)).toContain('torch.autograd.backward(');
});

test('an op without lines of its own is verified by the bridge', () => {
  expect(pythonCheck({ ...QUANTIZED, op: 'train_llama' }, undefined)).toMatch(
    /\ngradproof-bridge verify "nf4_64x64\.safetensors"$/,
  );
});

test('a weight of a checkpoint is decoded by bitsandbytes, whatever it is called', () => {
  const lines = pythonCheck(
    { file: 'model.safetensors', weight: 'layers.0.q"\nimport os\n' },
    undefined,
  );
  expect(lines).toContain('with safe_open("model.safetensors", "pt")');
  expect(lines).toContain('name = "layers.0.q\\"\\nimport os\\n"');
  expect(lines.split('\n').filter((line) => line.startsWith('import os'))).toEqual([]);
});

test('what a hostile recording says stays text', () => {
  const hostile: Recording = {
    ...QUANTIZED,
    file: 'x"\nimport os; os.system("rm -rf ~")\n".safetensors',
    note: 'harmless\nimport os\u2028import sys',
    params: { quant_type: 'nf4"); import os; ("', blocksize: 64, compress_statistics: true },
    producer: 'bitsandbytes $(reboot) + torch 2.15.0;reboot',
  };
  const lines = pythonCheck(hostile, undefined).split(/\r\n|[\n\r\u2028\u2029]/);
  expect(lines.filter((line) => /^\s*import os/.test(line))).toEqual([]);
  expect(lines.find((line) => line.startsWith('# pip'))).toBe(
    '# pip install safetensors torch==2.15.0 bitsandbytes',
  );
});

test('all lines are Python', () => {
  const python = ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (!python) return;
  const every: readonly (readonly [
    producer: string,
    op: string,
    params: Record<string, unknown>,
  ])[] = [
    [
      'torch 2.15.0',
      'cross_entropy',
      { ignore_index: -100, label_smoothing: 0.1, reduction: 'mean', shift: true },
    ],
    [
      'torch 2.15.0',
      'optimizer_steps',
      { optimizer: 'adamw', lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0 },
    ],
    ['torch 2.15.0', 'scaled_dot_product_attention', { causal: true, scale: 0.25 }],
    [
      'peft 0.21.2 + torch 2.15.0',
      'lora_linear',
      { r: 8, alpha: 16, use_rslora: false, use_dora: true, base: 'nf4', blocksize: 64 },
    ],
    [
      'hqq 0.2.8',
      'hqq_quantize',
      { nbits: 4, axis: 1, group_size: 64, optimize: true, round_zero: false },
    ],
    ['mlx 0.32.4', 'mlx_quantize', { mode: 'affine', bits: 4, group_size: 64 }],
    ['optimum-quanto 0.2.7', 'quanto_quantize', { qtype: 'qint4', axis: 0, group_size: 32 }],
  ];
  for (const [producer, op, params] of every) {
    const source = pythonCheck(
      { ...QUANTIZED, producer, op, params, hasGradients: true },
      undefined,
    );
    const { status, stderr } = spawnSync(
      python,
      ['-c', 'import sys, ast; ast.parse(sys.stdin.read())'],
      {
        input: source,
        encoding: 'utf8',
      },
    );
    expect([op, status, stderr]).toEqual([op, 0, '']);
  }
});
