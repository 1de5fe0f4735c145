import { Tape } from '../../src/autograd/tape.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import { add } from '../../src/ops/math/add.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { compareOutputs } from '../../src/testing/compare-outputs.ts';
import { suite } from '../../src/testing/suite.ts';

export const compared = suite('utilities.compare-outputs', {
  description: 'Two outputs are compared: how far apart they are, and where they part',
});

const equalSeam = () => () => 0;

compared
  .case('figures')
  .covers('triton.utilities.compare-model-outputs/figures')
  .desc('Of two outputs whose differences are known every figure is what they make it.')
  .control('nothing is apart', (fault) => fault.host('compare.distance', equalSeam))
  .run(async (t) => {
    using a = Tensor.from(t.gpu, hostTensorFrom('f32', [2, 3], [1, 2, 3, -4, 0, 8]));
    // One float up, none, three floats down, none, none, a half.
    const up = 2 ** -23;
    const down = -3 * 2 ** -22;
    const half = 0.5;
    const steps = [up, 0, down, 0, 0, half];
    using step = Tensor.from(t.gpu, hostTensorFrom('f32', [2, 3], steps));
    using b = add.forward(t.gpu, { a, b: step }, {}).y;
    const host = await a.read();
    const second = await b.read();
    const found = compareOutputs(host, second);
    const norms = Math.sqrt(94 * ((1 + up) ** 2 + 4 + (3 + down) ** 2 + 16 + 8.5 ** 2));
    const dot = 1 + up + 4 + 3 * (3 + down) + 16 + 8 * 8.5;
    const near = (name: string, actual: number, expected: number) =>
      t.expect(
        Math.abs(actual - expected) <= 1e-12 * Math.abs(expected),
        () => `${name} is ${actual} and should be ${expected}`,
      );
    t.expect(found.shapesMatch, () => 'the shapes are told to differ');
    near('maxAbs', found.maxAbs, half);
    near('maxRel', found.maxRel, half / 8.5);
    near('maxRel the other way', compareOutputs(second, host).maxRel, half / 8.5);
    near('mean', found.mean, (half + up - down) / 6);
    near('cosine', found.cosine, dot / norms);
    t.expect(String(found.firstMismatch) === '0,0', () => `they part at ${found.firstMismatch}`);
    // 8 and 8.5 are 2^19 floats apart.
    const histogram = [3, 1, 1, ...Array(17).fill(0), 1];
    t.expect(
      String(found.ulpHistogram) === String(histogram),
      () => `the histogram is ${found.ulpHistogram}`,
    );
    // Through zero: two floats from the least one to its negative, and none between zeros.
    const least = [2 ** -149, -1, -0];
    const its = [-(2 ** -149), 1, 0];
    const across = compareOutputs(
      hostTensorFrom('f32', [3], least),
      hostTensorFrom('f32', [3], its),
    );
    near('cosine of opposites', across.cosine, -1);
    t.expect(
      String(across.ulpHistogram) === String([1, 0, 1, ...Array(28).fill(0), 1]),
      () => `through zero the histogram is ${across.ulpHistogram}`,
    );
    const same = compareOutputs(host, host);
    t.expect(
      same.firstMismatch === undefined && String(same.ulpHistogram) === '6',
      () => `an output and itself part at ${same.firstMismatch}`,
    );
    const other = compareOutputs(host, { ...host, shape: [3, 2] });
    t.expect(!other.shapesMatch, () => 'other shapes are told to match');
  });

compared
  .case('perturbed')
  .covers('triton.utilities.compare-model-outputs/perturbation-found')
  .desc('Of two runs of one model the second has 1e-3 added to one logit: that one is found.')
  .control('nothing is apart', (fault) => fault.host('compare.distance', equalSeam))
  .run(async (t) => {
    const config = { inFeatures: 16, hidden: 24, classes: 10 };
    using model = new Mlp(t.gpu, config, t.random(1));
    const random = t.random(2);
    using x = Tensor.from(
      t.gpu,
      hostTensorFrom(
        'f32',
        [7, 16],
        random.fill(7 * 16, () => random.normal()),
      ),
    );
    using tape = new Tape(t.gpu);
    const clean = model.forward(tape, { x });
    const away = new Float64Array(70);
    away[4 * 10 + 6] = 1e-3;
    using perturbation = Tensor.from(t.gpu, hostTensorFrom('f32', [7, 10], away));
    using perturbed = add.forward(t.gpu, { a: clean, b: perturbation }, {}).y;
    const { firstMismatch, maxAbs, ulpHistogram } = compareOutputs(
      await clean.read(),
      await perturbed.read(),
    );
    t.expect(String(firstMismatch) === '4,6', () => `they part at ${firstMismatch}`);
    t.expect(Math.abs(maxAbs - 1e-3) < 1e-6, () => `they are ${maxAbs} apart`);
    t.expect(ulpHistogram[0] === 69, () => `${ulpHistogram[0]} of 69 elements are equal`);
  });
