import { expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { has } from '../../gpu/tuning.ts';
import type { Application } from '../../graph/call.ts';
import { ByteModel } from '../../models/byte-model/byte-model.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { DEFAULT_TRAINING } from '../../train/config.ts';
import { lossOf } from '../../train/loss.ts';
import { CLASSES, TRAINING_CLASSES, type TunedClass } from './classes.ts';

/** The ops of forward and backward of `rows` contexts. */
async function applied(rows: number): Promise<readonly Application<Tensor>[]> {
  const { gpu } = await hostGpu();
  const { model: config } = DEFAULT_TRAINING;
  using model = new ByteModel(gpu, config, new Random(1), new Random(2));
  const zeros = (count: number) => new Array<number>(count).fill(0);
  const shape = [rows, config.context];
  using ids = Tensor.from(gpu, hostTensorFrom('i32', shape, zeros(rows * config.context)));
  using labels = Tensor.from(gpu, hostTensorFrom('i32', [rows], zeros(rows)));
  const applications: Application<Tensor>[] = [];
  using tape = new Tape(gpu, model.parameters.views, {
    watch: (one) => void applications.push(one),
  });
  lossOf(tape, model, { inputs: { ids }, labels });
  return applications;
}

/** Whether a class decides the variant of an application. */
function decides({ row }: TunedClass, { op, inputs }: Application<Tensor>): boolean {
  const [leading = ''] = Object.keys(op.inputs);
  const [rows, width] = matrixOf((inputs[leading] as Tensor).shape);
  return (
    (row.ops?.includes(op.name) ?? true) &&
    has(row.rows ?? [0], rows) &&
    has(row.width ?? [0], width)
  );
}

test.each([1, DEFAULT_TRAINING.batchSize])(
  'every class that decides an op of fine-tuning with %i rows is measured for it',
  async (rows) => {
    const applications = await applied(rows);
    const asked = CLASSES.filter((one) => applications.some((call) => decides(one, call)));
    expect(asked.length).toBeGreaterThan(1);
    expect(TRAINING_CLASSES).toEqual(expect.arrayContaining(asked));
  },
);

test('classes are in the order of what they gain', () => {
  expect(CLASSES.filter((one) => TRAINING_CLASSES.includes(one))).toEqual(TRAINING_CLASSES);
});

test('every class has the gradients that its variant decides, and training times them', () => {
  const isForward = ({ work }: TunedClass) => work.call(new Random(1)).wants === undefined;
  expect(new Set(CLASSES.filter(isForward).map(({ work }) => work.op))).toEqual(new Set(['topk']));
  const untimed = TRAINING_CLASSES.filter(({ timesForward }) => timesForward);
  expect(untimed.map(({ row }) => row.rows)).toEqual([[1, 1]]);
});

test.each(['conv1d', 'conv2d', 'conv_transpose2d'])(
  'the tile of %s is measured by a convolution, and by no product',
  (op) => {
    const deciding = CLASSES.filter(({ row }) => row.ops?.includes(op));
    expect(deciding.map(({ work }) => work.op)).toEqual(['conv2d']);
    // Of images rows say nothing.
    expect(deciding[0]?.row.rows).toBeUndefined();
  },
);
