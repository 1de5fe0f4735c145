import { GGUF_TYPES } from '../../quant/gguf/types.ts';
import { ggufQuantize as signature } from '../../vocabulary/quant/gguf_quantize.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type PlausibleBugOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { samples } from './gguf_quantize.samples.ts';
import { type CodedBlock, codedBlock, QUANTIZERS } from './gguf-quantizers.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

function blocksOf(
  { weight }: Inputs,
  { quant_type }: Params,
  ieee: boolean,
): readonly CodedBlock[] {
  const { elements } = GGUF_TYPES[quant_type];
  return Array.from({ length: weight.data.length / elements }, (_, b) =>
    codedBlock(
      weight.data.subarray(b * elements, (b + 1) * elements),
      QUANTIZERS[quant_type],
      ieee,
    ),
  );
}

function forward(inputs: Inputs, params: Params): OutputsOf<typeof signature, Value> {
  const { elements, bytes } = GGUF_TYPES[params.quant_type];
  const quantizer = QUANTIZERS[params.quant_type];
  const { shape } = inputs.weight;
  const data = blocksOf(inputs, params, true).flatMap(({ d, codes }) => [
    d & 255,
    d >> 8,
    ...quantizer.bytes(codes.map(([own]) => own as number)),
  ]);
  return {
    packed: {
      shape: [...shape.slice(0, -1), ((shape.at(-1) as number) / elements) * bytes],
      data: Float64Array.from(data),
    },
  };
}

function acceptance(
  inputs: Inputs,
  params: Params,
  { ieee }: Pick<Arithmetic, 'ieee'>,
): { readonly packed: Acceptance } {
  const { bytes } = GGUF_TYPES[params.quant_type];
  const quantizer = QUANTIZERS[params.quant_type];
  const blocks = blocksOf(inputs, params, ieee);
  const isOpen = (codes: readonly number[]) => new Set(codes).size > 1;
  const inBand = blocks.reduce((count, { codes }) => count + codes.filter(isOpen).length, 0);
  return { packed: { kind: 'codes', accepts, inBand } };

  function accepts(i: number, byte: number): boolean {
    const { d, codes } = blocks[Math.floor(i / bytes)] as CodedBlock;
    const k = i % bytes;
    if (k === 0) return byte === (d & 255);
    // WGSL leaves the sign of a zero open.
    if (k === 1) return byte === d >> 8 || ((d & 0x7fff) === 0 && (byte === 0 || byte === 128));
    return (
      Number.isInteger(byte) &&
      quantizer
        .codesIn(byte, k - 2)
        .every(([element, code]) => (codes[element] as readonly number[]).includes(code))
    );
  }
}

/** 17 blocks of q4_0 have as many bytes as nine of q8_0. */
const otherType: PlausibleBugOf<typeof signature> = {
  name: 'the other type',
  apply: ({ weight }, params) => {
    const bytes = (weight.data.length / 32) * 18;
    if (params.quant_type !== 'q4_0' || bytes % 34 !== 0) return { inputs: { weight }, params };
    const count = (bytes / 34) * 32;
    const nine = { shape: [count], data: weight.data.subarray(0, count) };
    return { inputs: { weight: nine }, params: { quant_type: 'q8_0' } };
  },
};

/** gguf.quants.quantize. */
export const record = defineRecord(signature, {
  summary: 'rows as blocks of GGUF files: a half and 32 codes of 4 or 8 bits (q4_0, q8_0)',
  forward,
  acceptance: (inputs, _outputs, params, arithmetic) => acceptance(inputs, params, arithmetic),
  asWritten: true,
  samples,
  faults: [
    {
      name: 'codes in reversed bytes',
      shader: {
        file: 'quant/gguf_quantize',
        from: 'vec4u(1u, 1u << 8u, 1u << 16u, 1u << 24u)',
        to: 'vec4u(1u << 24u, 1u << 16u, 1u << 8u, 1u)',
      },
    },
  ],
  plausibleBugs: [
    otherType,
    inputBug('last element dropped', 'weight', (w, i, { data }) => (i === data.length - 1 ? 0 : w)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
    inputBug('halves of a block swapped', 'weight', (w, i, { data }) => data[i ^ 16] ?? w),
    inputBug('signs lost', 'weight', Math.abs),
    inputBug('weights wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
  ],
});
