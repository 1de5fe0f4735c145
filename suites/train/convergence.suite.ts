import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { checkConvergence } from '../../src/train/convergence.ts';
import { fitModel } from '../../src/train/fit.ts';
import { spiralBatches, spiralModel } from './spiral-run.ts';

export const convergenceSuite = suite('train.convergence', {
  description: 'Which curves of losses count as converging',
});

const WINDOW = 10;
/** How far a curve at the boundary is from it. */
const LITTLE = 2 ** -40;
/** At which the spirals are learnt. */
const RATE = 0.02;
const flat = (value: number, count = WINDOW) => new Array<number>(count).fill(value);

/** Curves with the answer that each must get. */
type Curves = Readonly<Record<string, readonly [losses: readonly number[], answer: boolean]>>;

function expectAnswers(t: CaseContext, curves: Curves): void {
  for (const [name, [losses, answer]] of Object.entries(curves)) {
    const told = checkConvergence(losses, { window: WINDOW });
    t.expect(told === answer, () => `${name}: ${told} is told, and not ${answer}`);
  }
}

convergenceSuite
  .case('too-few')
  .covers('fsdp.utilities.check-convergence/too-few-losses')
  .desc('Fewer losses than two windows never converge, however they fall.')
  .control('any number of losses will do', (fault) =>
    fault.host('train.check_convergence', () => (losses) => losses.at(-1) < losses[0]),
  )
  .run(async (t) =>
    expectAnswers(t, {
      none: [[], false],
      one: [[1], false],
      'two windows but one': [[...flat(10), ...flat(1, WINDOW - 1)], false],
      'two windows': [[...flat(10), ...flat(1)], true],
    }),
  );

convergenceSuite
  .case('threshold')
  .covers('fsdp.utilities.check-convergence/threshold-drop')
  .desc('A fall of 11 % from the first window to the last is enough, one of 9 % is not.')
  .control('any fall is enough', (fault) =>
    fault.host(
      'train.check_convergence',
      (check) => (losses, rule) => check(losses, { ...rule, threshold: 0 }),
    ),
  )
  .run(async (t) =>
    expectAnswers(t, {
      'a fall of 11 %': [[...flat(100), ...flat(89)], true],
      'a fall of 9 %': [[...flat(100), ...flat(91)], false],
    }),
  );

convergenceSuite
  .case('other-curves')
  .covers('fsdp.utilities.check-convergence/false-curves')
  .desc('A curve with NaN anywhere, one that stays and one that rises do not converge.')
  .control('windows that change places', (fault) =>
    fault.host(
      'train.check_convergence',
      (check) => (losses, rule) =>
        check(losses.map((loss: number) => (Number.isNaN(loss) ? 0 : -loss)).toReversed(), {
          ...rule,
          threshold: -0.5,
        }),
    ),
  )
  .run(async (t) =>
    expectAnswers(t, {
      'NaN at the start': [[Number.NaN, ...flat(100, 9), ...flat(1)], false],
      'NaN in the middle': [[...flat(100), Number.NaN, ...flat(1)], false],
      'NaN at the end': [[...flat(100), ...flat(1, 9), Number.NaN], false],
      plateau: [[...flat(3), ...flat(3)], false],
      rising: [[...flat(1), ...flat(2)], false],
    }),
  );

convergenceSuite
  .case('boundary')
  .covers('fsdp.utilities.check-convergence/boundary-table')
  .desc(
    'At the boundary: a fall of exactly the threshold is not enough, the least number more is; windows are the first and the last losses, whatever lies between.',
  )
  .control('the threshold itself will do', (fault) =>
    fault.host(
      'train.check_convergence',
      (check) => (losses, rule) =>
        check(losses, { ...rule, threshold: (rule.threshold ?? 0.1) - LITTLE }),
    ),
  )
  .run(async (t) => {
    const rule = { window: 2, threshold: 0.25 };
    const rows: readonly (readonly [readonly number[], boolean])[] = [
      [[4, 4, 3, 3], false],
      [[4, 4, 3, 3 - LITTLE], true],
      [[4, 4, 3, 3 + LITTLE], false],
      [[4, 4, 100, 0, 3, 3], false],
      [[4, 4, 100, 100, 2, 2], true],
      [[0, 0, 0, 0], false],
      [[4, 4, 3], false],
    ];
    for (const [losses, answer] of rows) {
      const told = checkConvergence(losses, rule);
      t.expect(told === answer, () => `${losses}: ${told} is told, and not ${answer}`);
    }
  });

convergenceSuite
  .case('training')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.utilities.check-convergence/enough-steps')
  .desc(
    'A run of six windows of steps converges by the rule, and the same run at a rate of 0 does not.',
  )
  .control('steps of the wrong sign', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [
      { ...hyperparameters, lr: -hyperparameters.lr },
      step,
    ]),
  )
  .run(async (t) => {
    const lossesAt = async (lr: number) => {
      using model = spiralModel(t);
      const options = { epochs: 15, optimizer: { optimizer: 'adamw', lr } } as const;
      return (await fitModel(t.gpu, model, { train: spiralBatches(t) }, options)).losses;
    };
    const losses = await lossesAt(RATE);
    t.expect(losses.length >= 4 * WINDOW, () => `${losses.length} steps say little`);
    t.expect(checkConvergence(losses, { window: WINDOW }), () => `the losses are ${losses}`);
    const frozen = await lossesAt(0);
    t.expect(!checkConvergence(frozen, { window: WINDOW }), () => `frozen: ${frozen}`);
  });
