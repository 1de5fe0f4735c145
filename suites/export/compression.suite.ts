import { compressed, decompressed } from '../../src/formats/compressed.ts';
import { ternaryQuantize } from '../../src/ops/quant/ternary_quantize.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const compression = suite('export.compression', {
  description: 'Weights are exported through gzip where that makes them smaller, and come back',
});

const SHAPE = [128, 256];
const COUNT = 128 * 256;

type Bytes = Uint8Array<ArrayBuffer>;

/** Weights as an export has them, by kind. */
const WEIGHTS = {
  /** Trits that the device packed, of normal weights. */
  ternary: async (t) => {
    const random = t.random(1);
    const values = random.fill(COUNT, () => random.normal());
    using weight = Tensor.from(t.gpu, hostTensorFrom('f32', SHAPE, values));
    const outputs = ternaryQuantize.forward(t.gpu, { weight }, {});
    try {
      return bytesOf(await outputs.packed.read());
    } finally {
      for (const output of Object.values(outputs)) output[Symbol.dispose]();
    }
  },
  /** Every row is one of four. */
  structured: (t) => {
    const random = t.random(2);
    const rows = random.fill(4 * 256, () => random.normal());
    return throughDevice(t, (i) => rows[i % rows.length] as number);
  },
  /** Numbers of random bits: nothing to gain. */
  random: (t) => {
    const random = t.random(3);
    const words = Uint32Array.from({ length: COUNT }, () => random.word() & 0xbfffffff);
    const floats = new Float32Array(words.buffer);
    return throughDevice(t, (i) => floats[i] as number);
  },
} as const satisfies Readonly<Record<string, (t: CaseContext) => Promise<Bytes>>>;

async function throughDevice(t: CaseContext, value: (i: number) => number): Promise<Bytes> {
  const values = Float64Array.from({ length: COUNT }, (_, i) => value(i));
  using weight = Tensor.from(t.gpu, hostTensorFrom('f32', SHAPE, values));
  return bytesOf(await weight.read());
}

function bytesOf({ data }: { readonly data: ArrayBufferView<ArrayBufferLike> }): Bytes {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

/** Weights of a case's parameter. */
const weightsOf = (t: CaseContext) =>
  WEIGHTS[String(t.params['weights']) as keyof typeof WEIGHTS](t);

const asItIs = () => (bytes: Bytes) => Promise.resolve(bytes);

compression
  .case('smaller', { weights: ['ternary', 'structured'] })
  .tier('full')
  .covers('triton.export.compression/smaller-than-raw')
  .desc('Packed trits and weights with structure are exported through gzip, smaller than raw.')
  .control('the stream changes nothing', (fault) => fault.host('formats.through_stream', asItIs))
  .run(async (t) => {
    const raw = await weightsOf(t);
    const { encoding, bytes } = await compressed(raw);
    t.expect(encoding === 'gzip', () => `they are stored as ${encoding}`);
    t.expect(bytes[0] === 0x1f && bytes[1] === 0x8b, () => 'what is stored is no gzip');
    t.expect(bytes.length < raw.length, () => `${bytes.length} bytes are made of ${raw.length}`);
  });

compression
  .case('ratio', { weights: ['ternary', 'structured'] })
  .tier('full')
  .covers('triton.export.compression/ratio-reported')
  .desc('The ratio that is reported is that of raw to stored bytes.')
  .control('the stream changes nothing', (fault) => fault.host('formats.through_stream', asItIs))
  .run(async (t) => {
    const raw = await weightsOf(t);
    const { bytes, ratio } = await compressed(raw);
    t.metric('ratio', ratio);
    t.expect(
      ratio > 1 && Math.abs(ratio * bytes.length - raw.length) < 0.5,
      () => `of ${raw.length} and ${bytes.length} bytes the ratio is told to be ${ratio}`,
    );
  });

compression
  .case('bit-equal', { weights: ['ternary', 'structured', 'random'] })
  .tier('full')
  .covers('triton.export.compression/decompress-bit-equal')
  .desc('What was exported comes back with the bytes that it had.')
  .control('a byte changed on the way', (fault) =>
    fault.host('formats.decompressed', (original) => async (stored) => {
      const bytes = new Uint8Array((await original(stored)) as Bytes);
      bytes[7] = (bytes[7] as number) ^ 1;
      return bytes;
    }),
  )
  .run(async (t) => {
    const raw = await weightsOf(t);
    const back = await decompressed(await compressed(raw));
    const wrong = raw.findIndex((byte, i) => byte !== back[i]);
    t.expect(
      back.length === raw.length && wrong < 0,
      () => `byte ${wrong} of ${back.length} has changed`,
    );
  });

compression
  .case('random-raw')
  .covers('triton.export.compression/random-stored-raw')
  .desc('Random bits, which gzip makes no smaller, are stored as they are, with the ratio 1.')
  .control('everything is worth it', (fault) => fault.host('formats.is_worth_it', () => () => true))
  .run(async (t) => {
    const raw = await WEIGHTS.random(t);
    const { encoding, bytes, ratio } = await compressed(raw);
    t.expect(
      encoding === 'raw' && ratio === 1,
      () => `they are stored as ${encoding}, by ${ratio}`,
    );
    t.expect(bytes === raw, () => 'what is stored is not what was given');
  });
