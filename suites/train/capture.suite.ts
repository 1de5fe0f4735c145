import { capture, planStep } from '../../src/autograd/capture.ts';
import { RandomState } from '../../src/autograd/random-state.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { splitText } from '../../src/data/text.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { CaptureError } from '../../src/gpu/trace.ts';
import { add } from '../../src/ops/math/add.ts';
import { clip } from '../../src/ops/math/clip.ts';
import { convert } from '../../src/ops/math/convert.ts';
import { mul } from '../../src/ops/math/mul.ts';
import { relu } from '../../src/ops/math/relu.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { productWith } from '../../src/ops/matmul/matmul_quantized.ts';
import { dropout } from '../../src/ops/nn/dropout.ts';
import { silu } from '../../src/ops/nn/silu.ts';
import { quantizerOf } from '../../src/ops/quant/quantize.ts';
import { format as nf4 } from '../../src/quant/nf4/format.ts';
import { filledTensor, type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { Tensor, type Tensors } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { Fingerprints } from '../../src/train/fingerprints.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { ALPHABET, SMALL } from './small.ts';
import { uniformText } from './texts.ts';
import { uniformsStandStill } from './uniforms-stand-still.ts';

const matmul4bit = productWith(nf4);

export const captureSuite = suite('train.capture', {
  description: 'Captured steps: traced once, planned into one arena, fused, replayed',
});

function smallTrainer(gpu: Gpu, seed: number, fingerprints?: Fingerprints): Trainer {
  const text = splitText(uniformText(seed, 8192, ALPHABET), SMALL.heldoutFraction);
  return new Trainer(gpu, text, { ...SMALL, seed }, fingerprints ? { fingerprints } : {});
}

/** The bits of parameters, moments and losses after a few steps. */
async function bitsAfter(
  trainer: Trainer,
  steps: number,
): Promise<{ shape: Shape; data: Float64Array }> {
  for (let step = 0; step < steps; step++) await trainer.step();
  const state = await trainer.checkpoint();
  const tensors = Object.values(state.tensors).flatMap((host) => [...bitsOf(host)]);
  const losses = bitsOf(hostTensorFrom('f32', [steps], await trainer.losses(0)));
  const data = Float64Array.from([...tensors, ...losses]);
  return { shape: [data.length], data };
}

function bitsOf({ data }: HostTensor): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.length);
}

captureSuite
  .case('equals-eager')
  .timeout(60_000)
  .desc(
    'Six steps of the small model, recorded and replayed: parameters, moments and losses are the same bits.',
  )
  .control('the count of steps stands still', uniformsStandStill)
  .run(async (t) => {
    using eager = smallTrainer(t.gpu, t.seed);
    using captured = smallTrainer(t.gpu, t.seed);
    await captured.capture();
    const expected = await bitsAfter(eager, 6);
    const before = t.gpu.memory.ledger.liveBytes;
    t.gpu.memory.resetPeak();
    t.expectEqual('state', await bitsAfter(captured, 6), expected);
    t.expect(t.gpu.memory.ledger.peakBytes === before, () => 'a replayed step allocates memory');
  });

captureSuite
  .case('fingerprints')
  .timeout(60_000)
  .desc(
    'The sums of the bits of every op of four steps, the last of them judged, are the same numbers recorded and replayed, two for each tensor.',
  )
  .control('the optimizer without its numbers', (fault) =>
    fault.host('capture.uniforms_now', (now) => (uniforms) => now(uniforms).fill(0)),
  )
  .run(async (t) => {
    const sumsOf = async (replay: boolean) => {
      using fingerprints = new Fingerprints(t.gpu);
      using trainer = smallTrainer(t.gpu, t.seed, fingerprints);
      await trainer.step();
      if (replay) await trainer.capture();
      for (let step = 2; step <= 3; step++) await trainer.step();
      let shown = 0;
      if (replay) await trainer.step();
      else {
        await trainer.judgedStep(async (applications) => {
          // The rates are computed for the judge alone.
          const seen = applications.filter(({ op }) => op.name !== 'lr_schedule');
          shown += seen.reduce(
            (count, { gradients, outputs }) => count + Object.keys(gradients ?? outputs).length,
            0,
          );
        });
      }
      const steps = await fingerprints.read();
      t.expect(
        replay || steps[3]?.length === 2 * shown,
        () => `${steps[3]?.length} sums are of ${shown} tensors`,
      );
      const sums = steps.flatMap((step) => [...step]);
      return { shape: [sums.length], data: Float64Array.from(sums) };
    };
    t.expectEqual('sums', await sumsOf(true), await sumsOf(false));
  });

captureSuite
  .case('restored')
  .desc('A trainer that takes the state after three steps of another goes on with the same bits.')
  .control('one step more is behind it', (fault) =>
    fault.host('train.seek', (original) => (source, step) => original(source, step + 1)),
  )
  .run(async (t) => {
    using whole = smallTrainer(t.gpu, t.seed);
    await bitsAfter(whole, 3);
    const state = await whole.checkpoint();
    using other = smallTrainer(t.gpu, t.seed);
    other.restore(state);
    const next = async (trainer: Trainer) => {
      for (let step = 4; step <= 5; step++) await trainer.step();
      const tensors = Object.values((await trainer.checkpoint()).tensors);
      const data = Float64Array.from([
        ...tensors.flatMap((host) => [...bitsOf(host)]),
        ...(await trainer.losses(3)),
      ]);
      return { shape: [data.length], data };
    };
    t.expectEqual('state', await next(other), await next(whole));
  });

captureSuite
  .case('fresh-device')
  .tier('full')
  .timeout(60_000)
  .desc(
    'Five steps on two devices of the adapter give the same bits, one recorded and one replayed.',
  )
  .control('the replayed one has the uniforms of its first step', uniformsStandStill)
  .run(async (t) => {
    using other = await t.gpu.fresh();
    using here = smallTrainer(t.gpu, t.seed);
    using there = smallTrainer(other, t.seed);
    await there.capture();
    t.expectEqual('state', await bitsAfter(there, 5), await bitsAfter(here, 5));
  });

const draw = (t: CaseContext, stream: number, shape: Shape) => {
  const random = t.random(stream);
  return Tensor.from(
    t.gpu,
    filledTensor('f32', shape, () => random.normal()),
  );
};

captureSuite
  .case('memory')
  .desc(
    'The bytes that are predicted before anything is allocated are those of the arena and of the peak of every run, and near the least.',
  )
  .control('never reused', (fault) =>
    fault.host(
      'gpu.plan_arena',
      (plan) => (blocks, largest) =>
        plan(
          blocks.map((block: object) => ({ ...block, first: 0, last: 1e6 })),
          largest,
        ),
    ),
  )
  .run(async (t) => {
    using x = draw(t, 1, [64, 48]);
    using w = draw(t, 2, [48, 48]);
    const step = () => {
      using tape = new Tape(t.gpu);
      let y = x;
      for (let layer = 1; layer <= 6; layer++) {
        y = tape.apply(
          silu,
          { x: tape.apply(matmul, { a: y, b: w }, {}, `linear${layer}`).y },
          {},
          `silu${layer}`,
        ).y;
      }
      return { y: y.clone() };
    };
    const before = t.gpu.memory.ledger.liveBytes;
    t.gpu.memory.resetPeak();
    step().y[Symbol.dispose]();
    const eagerBytes = t.gpu.memory.ledger.peakBytes - before;
    const plan = await planStep(t.gpu, step);
    t.expect(t.gpu.memory.ledger.liveBytes === before, () => 'planning allocates memory');
    const predicted = plan.memory.plan.bytes;
    t.gpu.memory.resetPeak();
    using captured = await capture(t.gpu, step);
    for (let run = 0; run < 3; run++) captured.run();
    const peak = t.gpu.memory.ledger.peakBytes - before;
    t.metric('predictedBytes', predicted);
    t.metric('eagerBytes', eagerBytes);
    t.expect(
      peak === predicted,
      () => `${predicted} bytes were predicted and ${peak} were live at the peak`,
    );
    t.expect(
      predicted <= 0.5 * eagerBytes,
      () => `the arena has ${predicted} bytes, and recorded anew the step needs ${eagerBytes}`,
    );
  });

captureSuite
  .case('fusion', { size: [3, 256, 1001] })
  .desc(
    'clip(silu(silu(x) + x) * x), with one result in the middle used elsewhere, as one kernel: the same bits as one after the other.',
  )
  .control('the sum is a difference', (fault) =>
    fault.shader('math/add', 'return a + b;', 'return a - b;'),
  )
  .run(async (t) => {
    using x = draw(t, 1, [Number(t.params['size'])]);
    const step = () => {
      using tape = new Tape(t.gpu);
      const first = tape.apply(silu, { x }, {}, 'first').y;
      const sum = tape.apply(add, { a: first, b: x }, {}, 'sum').y;
      const second = tape.apply(silu, { x: sum }, {}, 'second').y;
      const scaled = tape.apply(mul, { a: second, b: x }, {}, 'scaled').y;
      const y = tape.apply(clip, { x: scaled }, { min: -0.25, max: 2 }, 'clipped').y;
      return { sum: sum.clone(), y: y.clone() };
    };
    const eager = step();
    using fused = await capture(t.gpu, step);
    const outputs = fused.run();
    for (const name of ['sum', 'y'] as const) {
      t.expectEqual(name, await download(outputs[name]), await download(eager[name]));
      eager[name][Symbol.dispose]();
    }
    // The fused kernel and two copies.
    t.expect(fused.length === 3, () => `${fused.length} commands are left`);
    t.expect(
      [...t.gpu.recorder.dispatched].some((file) =>
        file.startsWith('fused/silu+add+silu+mul+clip-'),
      ),
      () => `dispatched were ${[...t.gpu.recorder.dispatched].join(', ')}`,
    );
  });

captureSuite
  .case('half-fusion', { storage: ['f16', 'bf16'], size: [3, 250, 1001] })
  .desc(
    'silu(x) + silu(z) of halves as one kernel that reads and stores halves, with the first term used elsewhere: the same bits as one after the other, each cast.',
  )
  .control('the halves of a word change places', (fault) =>
    fault.shader(
      'math/cast',
      'four.xz | (four.yw << vec2u(16u))',
      'four.yw | (four.xz << vec2u(16u))',
    ),
  )
  .run(async (t) => {
    const shape = [Number(t.params['size'])];
    const halves = (stream: number) => {
      using wide = draw(t, stream, shape);
      return convert(t.gpu, wide, t.params['storage'] as 'f16' | 'bf16');
    };
    using x = halves(1);
    using z = halves(2);
    const step = () => {
      using tape = new Tape(t.gpu);
      const a = tape.apply(silu, { x }, {}, 'a').y;
      const b = tape.apply(silu, { x: z }, {}, 'b').y;
      const y = tape.apply(add, { a, b }, {}, 'y').y;
      return { a: a.clone(), y: y.clone() };
    };
    const eager = step();
    using fused = await capture(t.gpu, step);
    const outputs = fused.run();
    for (const name of ['a', 'y'] as const) {
      const got = await outputs[name].read();
      t.expect(got.dtype === t.params['storage'], () => `${name} is stored as ${got.dtype}`);
      t.expectEqual(name, await download(outputs[name]), await download(eager[name]));
      eager[name][Symbol.dispose]();
    }
    // The fused kernel and two copies.
    t.expect(fused.length === 3, () => `${fused.length} commands are left`);
  });

/** Products that end a captured step; each has results in the middle that are used elsewhere. */
const PRODUCTS = { matmul, matmul_4bit: matmul4bit } as const;

const EPILOGUES = Object.entries(PRODUCTS).flatMap(([op, { variants }]) =>
  Object.entries(variants).map(([variant, { needs = [] }]) => ({ op, variant, needs })),
);

for (const { op, variant, needs } of EPILOGUES)
  captureSuite
    .case('epilogue', { product: [`${op}-${variant}`] })
    .tier('full')
    .needs(...needs)
    .desc(
      'silu(P) * z as the epilogue of a product P that is used elsewhere too, and silu(P) of one that is not: the same bits as one after the other.',
    )
    .control('the factor is added', (fault) =>
      fault.shader('math/mul', 'return a * b;', 'return a + b;'),
    )
    .run(async (t) => {
      const m = 9;
      const k = 5;
      const n = 67;
      using x = draw(t, 1, [m, k]);
      using w = draw(t, 2, [n, k]);
      using bias = draw(t, 3, [n]);
      using z = draw(t, 4, [m, n]);
      const weight = quantizerOf(nf4).forward(
        t.gpu,
        { weight: w },
        { quant_type: 'nf4', blocksize: 64 },
      );
      const multiply = () => {
        if (op === 'matmul')
          return matmul.forward(t.gpu, { a: x, b: w, bias }, { transpose_b: true }, variant).y;
        const params = {
          quant_type: 'nf4',
          blocksize: 64,
          out_features: n,
          in_features: k,
        } as const;
        return matmul4bit.forward(
          t.gpu,
          { x, packed: weight.packed, absmax: weight.absmax },
          params,
          variant,
        ).y;
      };
      const step = () => {
        const product = multiply();
        using active = silu.forward(t.gpu, { x: product }, {}).y;
        const { y } = mul.forward(t.gpu, { a: active, b: z }, {});
        using other = multiply();
        return { product, y, other: silu.forward(t.gpu, { x: other }, {}).y };
      };
      const eager = step();
      using captured = await capture(t.gpu, step);
      const outputs = captured.run();
      for (const name of ['product', 'y', 'other'] as const) {
        t.expectEqual(name, await download(outputs[name]), await download(eager[name]));
        eager[name][Symbol.dispose]();
      }
      for (const tensor of Object.values(weight)) tensor?.[Symbol.dispose]();
      const kernels = [...t.gpu.recorder.dispatched]
        .filter((file) => file.startsWith('fused/'))
        .join(', ');
      t.expect(
        captured.length === 2,
        () => `${captured.length} commands are left; fused are ${kernels}`,
      );
    });

async function download(tensor: Tensor) {
  return { shape: tensor.shape, data: valuesOf(await tensor.read()) };
}

captureSuite
  .case('inputs')
  .desc('What is written to an input is what the next run reads.')
  .control('inputs are not written', (fault) =>
    fault.host('capture.write_input', () => () => undefined),
  )
  .run(async (t) => {
    using x = draw(t, 1, [4, 3]);
    using step = await capture(t.gpu, (inputs) => silu.forward(t.gpu, inputs, {}), {
      inputs: { x },
    });
    const host = hostTensorFrom(
      'f32',
      [4, 3],
      t.random(2).fill(12, () => 5),
    );
    using same = Tensor.from(t.gpu, host);
    using y = silu.forward(t.gpu, { x: same }, {}).y;
    t.expectEqual('y', await download(step.run({ x: host }).y), await download(y));
  });

captureSuite
  .case('random-numbers')
  .desc(
    'Three replays of a step that drops out have the masks that three recorded steps have: each draws on where the one before ended.',
  )
  .control('the position stands still', uniformsStandStill)
  .run(async (t) => {
    using x = draw(t, 1, [7, 9]);
    const random = new RandomState(t.seed);
    const counters = Math.ceil(x.size / 4);
    using step = await capture(t.gpu, () => {
      random.begin();
      return dropout.forward(t.gpu, { x }, { p: 0.5, ...random.take(counters) });
    });
    for (let run = 0; run < 3; run++) {
      using y = dropout.forward(t.gpu, { x }, { p: 0.5, seed: t.seed, offset: run * counters }).y;
      t.expectEqual(`run ${run + 1}`, await download(step.run().y), await download(y));
      random.advance();
    }
  });

/** A step that is told which run of it this is, from 1 on. */
const varying = (step: (run: number) => Tensors) => {
  let run = 0;
  return () => step(++run);
};

/**
 * Steps that a replay would not repeat, by the code of the refusal, and behind a slash what tells
 * them apart.
 */
const BAD_STEPS: Readonly<Record<string, (t: CaseContext, x: Tensor) => () => Tensors>> = {
  'capture-read': (_, x) => () => {
    void x.read();
    return {};
  },
  'capture-write': (_, x) => () => {
    x.write(hostTensorFrom('f32', x.shape, new Float32Array(x.size)));
    return {};
  },
  'capture-async': () => (async () => ({})) as unknown as () => Tensors,
  'capture-varies': (t, x) => varying((run) => silu.forward(t.gpu, { x: x.view([run]) }, {})),
  'capture-varies/place': (t, x) =>
    varying((run) => silu.forward(t.gpu, { x: x.view([1], { offset: 256 * run }) }, {})),
  'capture-varies/memory': (t, x) =>
    varying((run) => {
      using first = silu.forward(t.gpu, { x }, {}).y;
      return silu.forward(t.gpu, { x: run === 1 ? x : first }, {});
    }),
  'capture-varies/kernel': (t, x) =>
    varying((run) => (run === 1 ? silu : relu).forward(t.gpu, { x }, {})),
  'capture-varies/commands': (t, x) =>
    varying((run) => {
      if (run === 2) x.copyFrom(x.view(x.shape));
      return silu.forward(t.gpu, { x }, {});
    }),
  'capture-varies/number': (t, x) => varying((run) => clip.forward(t.gpu, { x }, { min: run })),
  'capture-varies/content': (t) =>
    varying((run) => ({ y: Tensor.from(t.gpu, hostTensorFrom('f32', [2], [1, run])) })),
  'capture-leak': (t, x) => () => {
    silu.forward(t.gpu, { x }, {});
    return {};
  },
};

/** The engine does as it is told. */
const nothingRefused = (fault: FaultDeclaration) =>
  fault.host('capture.refuse', () => () => undefined);

captureSuite
  .case('refused', { code: Object.keys(BAD_STEPS) })
  .desc(
    'A step that a replay could not repeat is refused, with the reason: a readback, a write, a wait, numbers that change, a leak.',
  )
  .control('what a replay could not repeat is captured', nothingRefused)
  .run(async (t) => {
    using x = draw(t, 1, [16, 16]);
    const name = String(t.params['code']);
    const step = BAD_STEPS[name] as (typeof BAD_STEPS)[string];
    await expectRefused(t, name.split('/')[0] ?? '', () => capture(t.gpu, step(t, x)));
  });

captureSuite
  .case('refused-later', { code: ['capture-shape', 'capture-stale'] })
  .desc(
    'A run is refused when an input has another shape than the captured one, and when a tensor that the step uses was freed.',
  )
  .control('the step is replayed all the same', nothingRefused)
  .run(async (t) => {
    const x = draw(t, 1, [4, 3]);
    using step = await capture(t.gpu, (inputs) => silu.forward(t.gpu, inputs, {}), {
      inputs: { x },
    });
    const isShape = t.params['code'] === 'capture-shape';
    if (!isShape) x[Symbol.dispose]();
    await expectRefused(t, String(t.params['code']), async () => {
      step.run(isShape ? { x: hostTensorFrom('f32', [5, 3], new Float32Array(15)) } : {});
    });
    x[Symbol.dispose]();
  });

captureSuite
  .case('refused-type')
  .desc('A run is refused when an input has another type than the captured one.')
  .control('the step is replayed all the same', nothingRefused)
  .run(async (t) => {
    using x = draw(t, 1, [4, 3]);
    using step = await capture(t.gpu, (inputs) => silu.forward(t.gpu, inputs, {}), {
      inputs: { x },
    });
    await expectRefused(
      t,
      'capture-shape',
      async () => void step.run({ x: hostTensorFrom('i32', [4, 3], new Float32Array(12)) }),
    );
  });

async function expectRefused(
  t: CaseContext,
  code: string,
  run: () => Promise<unknown>,
): Promise<void> {
  let thrown: unknown;
  await run().catch((error: unknown) => {
    thrown = error;
  });
  t.expect(
    thrown instanceof CaptureError && thrown.code === code,
    () => `${thrown} is thrown and not ${code}`,
  );
}
