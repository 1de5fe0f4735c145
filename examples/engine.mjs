// Fits y = x w on the GPU: a step is traced once and replayed.
import {
  capture,
  FlatParameters,
  Gpu,
  hostTensorFrom,
  Optimizer,
  Random,
  Tape,
  Tensor,
} from 'gradproof/engine';
import { mul } from 'gradproof/ops/math/mul';
import { sub } from 'gradproof/ops/math/sub';
import { matmul } from 'gradproof/ops/matmul/matmul';
import { create, globals } from 'webgpu'; // in a browser, Gpu.request() finds navigator.gpu

Object.assign(globalThis, globals);
const gpu = await Gpu.request(create(['enable-dawn-features=allow_unsafe_apis']));

const random = new Random(7);
const draw = (rows, cols) =>
  hostTensorFrom(
    'f32',
    [rows, cols],
    random.fill(rows * cols, () => random.normal()),
  );
const x = Tensor.from(gpu, draw(64, 8));
const truth = Tensor.from(gpu, draw(8, 1));
const { y: target } = matmul.forward(gpu, { a: x, b: truth }, {});

const parameters = new FlatParameters(
  gpu,
  new Map([['w', hostTensorFrom('f32', [8, 1], new Float32Array(8))]]),
);
const w = parameters.view('w');
const optimizer = new Optimizer(
  gpu,
  parameters,
  { optimizer: 'adamw', lr: 0.05, weight_decay: 0 },
  { max_grad_norm: 1 },
);
const two = Tensor.from(gpu, hostTensorFrom('f32', [1, 1], [2 / 64]));

const step = await capture(gpu, () => {
  const tape = new Tape(gpu, [w]);
  const { y } = tape.apply(matmul, { a: x, b: w }, {}, 'linear');
  const error = tape.noGrad(() => tape.apply(sub, { a: y, b: target }, {}, 'error').y);
  // Of the mean squared error.
  const seed = tape.noGrad(() => tape.apply(mul, { a: error, b: two }, {}, 'seed').y);
  optimizer.update(tape.backward(y, seed));
  tape[Symbol.dispose]();
  return {};
});

for (let i = 0; i < 300; i++) {
  optimizer.advance();
  step.run();
  gpu.submit();
}

const found = (await w.read()).data;
const expected = (await truth.read()).data;
const largest = Math.max(...found.map((value, i) => Math.abs(value - expected[i])));
console.log(
  `largest error of a weight after 300 steps: ${largest < 1e-2 ? 'below' : 'above'} 0.01`,
);

for (const owned of [step, parameters, optimizer, x, truth, target, two]) owned[Symbol.dispose]();
console.log(`bytes that are still live: ${gpu.memory.ledger.liveBytes}`);
gpu[Symbol.dispose]();
