import type { Gpu } from '../../src/gpu/gpu.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { Launcher } from '../../src/ops/launcher.ts';
import { type AdamState, stepAdamw } from '../../src/ops/optim/adamw_step.ts';
import { adamRates, type Found, stepAmpAdamw } from '../../src/ops/optim/amp_adamw_step.ts';
import { sgdRates, stepAmpSgd } from '../../src/ops/optim/amp_sgd_step.ts';
import { unscale } from '../../src/ops/optim/amp_unscale.ts';
import { type ScaleState, updateScale } from '../../src/ops/optim/amp_update_scale.ts';
import { adamHyperparameters, sgdHyperparameters } from '../../src/ops/optim/optimizers.ts';
import { type MomentumState, stepSgd } from '../../src/ops/optim/sgd_step.ts';
import { launchers } from '../../src/ops/registry.ts';
import { seam } from '../../src/seam.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { Tensor, type Tensors } from '../../src/tensor/tensor.ts';
import { codeOf } from '../../src/testing/code-of.ts';
import { suite } from '../../src/testing/suite.ts';
import { CALLS, type Call, type Wrong } from './calls.ts';

export const refusals = suite('ops.refusals', {
  description:
    'Launchers refuse operands and parameters that do not fit, with a code that says why, and take those that do',
});

function upload(gpu: Gpu, { inputs, dtypes }: Call): Tensors {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, shape]) =>
      shape
        ? [
            [
              name,
              Tensor.from(
                gpu,
                hostTensorFrom(dtypes?.[name] ?? 'f32', shape, new Float32Array(sizeOf(shape))),
              ),
            ],
          ]
        : [],
    ),
  );
}

/** The code with which the op refuses a call; `none` when it takes it. */
function refusal(gpu: Gpu, op: Launcher, call: Call): string {
  using scope = new Scope();
  const inputs = scope.addAll(upload(gpu, call));
  return codeOf(() => scope.addAll(op.forward(gpu, inputs, call.params)));
}

function changed({ inputs, dtypes, params }: Call, wrong: Wrong): Call {
  return {
    inputs: { ...inputs, ...wrong.inputs },
    dtypes: { ...dtypes, ...wrong.dtypes },
    params: { ...params, ...wrong.params },
  };
}

for (const [name, { fits, wrong }] of Object.entries(CALLS)) {
  const op = launchers.get(name) as Launcher;
  const [first] = Object.values(wrong);

  refusals
    .case('fits', { op: [name] })
    // Quick are the samples of each op, which fit too.
    .tier('full')
    .desc('Operands and parameters that fit are taken: the twin of the refusals.')
    .control('operands that do not fit', (fault) => {
      const call = changed(fits, first as Wrong);
      fault.launch(`${name}.forward`, ([gpu, , , variant]) => [
        gpu,
        upload(gpu, call),
        call.params,
        variant,
      ]);
    })
    .run(async (t) => {
      const code = refusal(t.gpu, op, fits);
      t.expect(code === 'none', () => `what fits is refused with ${code}`);
    });

  refusals
    .case('does-not-fit', { op: [name], wrong: Object.keys(wrong) })
    .desc('What does not fit is refused before anything runs.')
    .control('operands that fit', (fault) =>
      fault.launch(`${name}.forward`, ([gpu, , , variant]) => [
        gpu,
        upload(gpu, fits),
        fits.params,
        variant,
      ]),
    )
    .run(async (t) => {
      const change = wrong[String(t.params['wrong'])] as Wrong;
      const code = refusal(t.gpu, op, changed(fits, change));
      t.expect(
        code === (change.code ?? 'shape'),
        () => `it is refused with ${code} and should be with ${change.code ?? 'shape'}`,
      );
    });
}

/**
 * A function that changes tensors where they lie: their sizes where they fit, and how it is called.
 */
interface InPlace {
  readonly sizes: Readonly<Record<string, number>>;
  readonly call: (gpu: Gpu, tensors: never) => void;
}

const MOMENTS = { param: 4, grad: 4, exp_avg: 4, exp_avg_sq: 4 };
const MOMENTUM = { param: 4, grad: 4, momentum_buffer: 4 };
const FOUND = { found_inf: 1, steps: 1 };
const ADAMW = adamHyperparameters({ optimizer: 'adamw', lr: 0.5, betas: [0.5, 0.5], eps: 1 });
const SGD = sgdHyperparameters({ optimizer: 'sgd', lr: 1 });
const CONSTANT = { name: 'constant' } as const;

/** Training calls these without the ops around them. */
const IN_PLACE: Readonly<Record<string, InPlace>> = {
  adamw_step: { sizes: MOMENTS, call: (gpu, state: AdamState) => stepAdamw(gpu, state, ADAMW, 1) },
  sgd_step: {
    sizes: MOMENTUM,
    call: (gpu, state: MomentumState) => stepSgd(gpu, state, SGD, 1),
  },
  amp_adamw_step: {
    sizes: { ...MOMENTS, ...FOUND },
    call: (gpu, state: AdamState & Found) => {
      using rates = adamRates(gpu, { ...ADAMW, schedule: CONSTANT });
      stepAmpAdamw(gpu, state, ADAMW, rates);
    },
  },
  amp_sgd_step: {
    sizes: { ...MOMENTUM, ...FOUND },
    call: (gpu, state: MomentumState & Found) => {
      using rates = sgdRates(gpu, { ...SGD, schedule: CONSTANT });
      stepAmpSgd(gpu, state, SGD, rates);
    },
  },
  amp_unscale: {
    sizes: { scale: 1, found_inf: 1 },
    call: (gpu, { scale, found_inf }: Pick<ScaleState & Found, 'scale' | 'found_inf'>) => {
      using grad = Tensor.zeros(gpu, [4]);
      unscale(gpu, { grad, scale, found_inf });
    },
  },
  amp_update_scale: {
    sizes: { scale: 1, growth_tracker: 1, ...FOUND },
    call: (gpu, { found_inf, ...state }: ScaleState & Pick<Found, 'found_inf'>) =>
      updateScale(gpu, state, found_inf, {}),
  },
};

/** Elements by which a tensor is too large. */
const excess = seam('refusals.excess', () => 1);

for (const [name, { sizes, call }] of Object.entries(IN_PLACE)) {
  refusals
    .case('in-place', { op: [name] })
    .desc(
      'A function that changes tensors where they lie takes those that fit, and refuses each that is too large.',
    )
    .control('all fit', (fault) => fault.host('refusals.excess', () => () => 0))
    .run(async (t) => {
      const refusalOf = (wrong: string) => {
        using scope = new Scope();
        const tensors = Object.entries(sizes).map(
          ([key, size]) =>
            [key, Tensor.zeros(t.gpu, [size + (key === wrong ? excess() : 0)])] as const,
        );
        return codeOf(() => call(t.gpu, scope.addAll(Object.fromEntries(tensors)) as never));
      };
      for (const wrong of ['none', ...Object.keys(sizes)]) {
        const code = refusalOf(wrong);
        const expected = wrong === 'none' ? 'none' : 'shape';
        t.expect(
          code === expected,
          () => `with ${wrong} too large it is refused with ${code}, not ${expected}`,
        );
      }
    });
}
