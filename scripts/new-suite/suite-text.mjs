/** Words of a-z and 0-9 with dashes between them: the folder, a dot, the file. */
const NAME = /^([a-z0-9]+(?:-[a-z0-9]+)*)\.([a-z0-9]+(?:-[a-z0-9]+)*)$/;

/**
 * Where a new suite stands and what stands there at first: one case with seed, tier, time limit,
 * features, tolerance, memory and control, which is red until someone wrote what it asserts.
 * @param {string} name `area.name`
 * @returns {{ path: string, text: string } | undefined} undefined for what is no name
 */
export function newSuite(name) {
  const [, area, file] = NAME.exec(name) ?? [];
  if (!area || !file) return undefined;
  const variable = file.replace(/-+(.)/g, (_, letter) => letter.toUpperCase());
  const identifier = /^\d/.test(variable) ? `suite${variable}` : variable;
  return { path: `suites/${area}/${file}.suite.ts`, text: textOf(name, identifier) };
}

const textOf = (name, variable) => `import { memoryTracker } from '../../src/gpu/memory-tracker.ts';
import { add } from '../../src/ops/math/add.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';

export const ${variable} = suite('${name}', {
  description: 'Say in a line what is checked',
});

/** How many roundings of float32 a number may be off: say by which bound or row. */
const ROUNDINGS = 1;

${variable}
  .case('first', { rows: [1, 37] })
  .tier('full')
  .timeout(20_000)
  // Features without which it is skipped, as 'shader-f16'.
  .needs()
  .desc('Say what is computed and what is asserted.')
  .control('the second operand is 0', (fault) =>
    fault.shader('math/add', 'return a + b;', 'return a;'),
  )
  .run(async (t) => {
    const { rows } = t.params;
    const shape = [rows, 5];
    const random = t.random();
    const data = random.fill(rows * 5, () => random.normal());
    const tracker = memoryTracker(t.gpu);
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', shape, data));
    using y = add.forward(t.gpu, { a: x, b: x }, {}).y;
    const actual = { shape: y.shape, data: valuesOf(await y.read()) };
    tracker.stop();
    t.metric('ownBytes', tracker.stats.totalUsedBytes);
    const truth = data.map((value) => 2 * Math.fround(value));
    const bound = truth.map((value) => ROUNDINGS * EPS * Math.abs(value));
    t.expectAccepted('x + x', actual, { shape, data: truth }, { kind: 'within', bound });
    t.expect(false, () => 'nothing of its own is asserted yet: write what is', 'not-written');
  });
`;
