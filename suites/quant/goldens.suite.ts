import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { float64Of, type StoredTensor } from '../../src/formats/safetensors/stored.ts';
import { blockFormatOf } from '../../src/quant/registry.ts';
import { EPS, FLUSH } from '../../src/reference/bounds.ts';
import { valuesOf } from '../../src/tensor/host.ts';
import { CaseContext } from '../../src/testing/context.ts';
import { replay } from '../../src/testing/parity/replay.ts';
import { controlOf } from '../../src/testing/parity.ts';
import { suite } from '../../src/testing/suite.ts';
import { bundleOfGolden, type Golden, goldenOf } from './goldens/golden.ts';
import { expectSameCodes, judgeGolden } from './goldens/judged.ts';

export const goldens = suite('quant.goldens', {
  description:
    'Codes of 4096 weights with blocks of zeros, denormals, outliers and constants, beside those that the libraries gave',
});

const ROW = 'fsdp.quantization.verification-across-backends';

/** 1 for the elements of the vector in blocks of zeros and denormals: rows 0 and 1, and half of 7. */
const IS_SMALL = Uint8Array.from({ length: 4096 }, (_, i) =>
  Number(i < 2 * 128 || (i >= 7 * 128 && i < 7 * 128 + 64)),
);

/** The op of each method. */
const METHODS = {
  nf4: 'quantize_4bit',
  fp4: 'quantize_4bit',
  int8: 'int8_vectorwise_quant',
  mlx: 'mlx_quantize',
  quanto: 'quanto_quantize',
  ternary: 'ternary_quantize',
} as const;

for (const [method, op] of Object.entries(METHODS)) {
  const { name, faults } = controlOf(op);
  goldens
    .case('vector', { method: [method] })
    .tier('full')
    .covers(`${ROW}/codes-outside-band`)
    .desc(
      'The codes of our kernels and of the reference on the host are those of the library: outside the band around thresholds, and everywhere where the probe shows IEEE.',
    )
    .control(name, faults)
    .run(async (t) => expectSameCodes(t, await judgeGolden(t, `vector-${method}`), IS_SMALL));
}

const OF_HQQ = controlOf('hqq_quantize');

goldens
  .case('hqq-vector')
  .tier('full')
  .covers(`${ROW}/hqq-rule`)
  .desc(
    'Codes, scales and zeros of our kernels and of HQQ itself are right by the rule for its solver: codes by the zero that was produced, the error of all within half a percent of the solver.',
  )
  .control(OF_HQQ.name, OF_HQQ.faults)
  .run(async (t) => {
    await judgeGolden(t, 'vector-hqq');
  });

/** What codes and scales of a golden stand for. */
const DECODED: Readonly<Record<string, (golden: Golden) => Float64Array>> = {
  nf4: (golden) => ofBlocks(golden),
  fp4: (golden) => ofBlocks(golden),
  int8: ({ outputs }) => {
    const stats = float64Of(outputs['row_stats'] as StoredTensor);
    return float64Of(outputs['q'] as StoredTensor).map(
      (code, i) => (code * (stats[Math.floor(i / 128)] as number)) / 127,
    );
  },
};

function ofBlocks({ params, outputs }: Golden): Float64Array {
  const { values, packing } = blockFormatOf(params['quant_type'] as string);
  const bytes = float64Of(outputs['packed'] as StoredTensor);
  const absmax = float64Of(outputs['absmax'] as StoredTensor);
  return Float64Array.from(
    { length: 64 * absmax.length },
    (_, i) => (values[packing.codeAt(bytes, i)] as number) * (absmax[Math.floor(i / 64)] as number),
  );
}

for (const method of Object.keys(DECODED)) {
  const { name, faults } = controlOf(METHODS[method as keyof typeof METHODS]);
  goldens
    .case('decoded', { method: [method] })
    .tier('full')
    .covers(`${ROW}/decoded-value`)
    .desc(
      'What our codes decode to in blocks of zeros and of denormals, and of fp4 everywhere, is what the codes of the library stand for.',
    )
    .control(name, faults)
    .run(async (t) => {
      const { golden, ours } = await judgeGolden(t, `vector-${method}`);
      const expected = (DECODED[method] as (golden: Golden) => Float64Array)(golden);
      const actual = valuesOf(ours['dequant'] as never);
      for (const i of actual.keys()) {
        if (!IS_SMALL[i] && !(method === 'fp4' && t.ieee)) continue;
        const y = expected[i] as number;
        const off = Math.abs((actual[i] as number) - y);
        t.expect(
          off <= EPS * Math.abs(y) + FLUSH,
          () => `element ${i} decodes to ${actual[i]}, and the library's code to ${y}`,
        );
      }
    });
}

/** Elements of the ties that lie in a band: each of 15 thresholds and both of its neighbours. */
const IN_BAND = 45;

goldens
  .case('band-share')
  .tier('full')
  .covers(`${ROW}/band-share`)
  .desc(
    'Of 64 weights on and beside the thresholds of nf4, judged as on an adapter whose division is not exact, the report tells that 45 lie in the band.',
  )
  .control('nothing is told to be in the band', (fault) =>
    fault.host('testing.band_share', () => () => 0),
  )
  .run(async (t) => {
    const golden = await goldenOf(t, 'ties-nf4');
    const legal = new CaseContext(
      { gpu: t.gpu, ieee: false, seed: t.seed, injects: [] },
      {},
      t.evidence,
    );
    await replay(legal, bundleOfGolden(golden), new WebGpuBackend(t.gpu));
    const told = t.evidence.metrics['in-band.packed'];
    t.expect(told === IN_BAND / 64, () => `the share is told to be ${told}`);
  });
