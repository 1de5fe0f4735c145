import { crossEntropy } from '../../src/ops/nn/cross_entropy.ts';
import { depthOf } from '../../src/ops/variants.ts';
import { record } from '../../src/reference/nn/cross_entropy.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';

const differentiable = record as Required<typeof record>;

export const crossEntropyCases = suite('nn.cross-entropy', {
  description: 'Cross-entropy where a record has no bound: classes that a mask rules out',
});

crossEntropyCases
  .case('masked')
  .desc(
    'Classes at the far end of float32, as masks leave them, cost nothing: the loss of the one that is left is a number near zero.',
  )
  .control('label smoothing computed for none', (fault) => {
    fault.shader('nn/cross_entropy_parts', 'if (SMOOTHED) {', 'if (true) {');
    fault.shader('nn/cross_entropy_rows', 'params.spread > 0.0', 'true');
  })
  .run(async (t) => {
    t.gpu.memory.guarded = true;
    using logits = Tensor.from(
      t.gpu,
      hostTensorFrom(
        'f32',
        [2, 5],
        [1, ...Array(4).fill(-(2 ** 127)), ...Array(4).fill(-(2 ** 127)), 2],
      ),
    );
    using labels = Tensor.from(t.gpu, hostTensorFrom('i32', [2], [0, 4]));
    const outputs = crossEntropy.forward(
      t.gpu,
      { logits, labels },
      { reduction: 'none', log_probs: false },
    );
    const losses = valuesOf(await outputs.loss.read());
    for (const tensor of Object.values(outputs)) tensor?.[Symbol.dispose]();
    for (const loss of losses) t.expect(Math.abs(loss) < Math.log(2), () => `the loss is ${loss}`);
  });

crossEntropyCases
  .case('nothing-left')
  .desc(
    'Sequences of one position have no next label once they are shifted: the sum of no losses is zero, and so is every gradient.',
  )
  .control('last position kept', (fault) =>
    fault.shader('nn/cross_entropy_rows', '!predicts(row, params.sequence)', 'false'),
  )
  .run(async (t) => {
    t.gpu.memory.guarded = true;
    using logits = Tensor.from(
      t.gpu,
      hostTensorFrom(
        'f32',
        [3, 1, 7],
        Array.from({ length: 21 }, (_, i) => i % 5),
      ),
    );
    using labels = Tensor.from(t.gpu, hostTensorFrom('i32', [3, 1], [1, 2, 3]));
    using one = Tensor.from(t.gpu, hostTensorFrom('f32', [1], [1]));
    const inputs = { logits, labels };
    const params = { shift: true, reduction: 'sum', log_probs: false } as const;
    const outputs = crossEntropy.forward(t.gpu, inputs, params);
    const grads = { loss: one };
    const gradients = crossEntropy.backward(t.gpu, {
      inputs,
      outputs,
      grads,
      params,
      wants: new Set(['logits']),
    });
    const loss = await outputs.loss.read();
    const gradient = await (gradients.logits as Tensor).read();
    for (const tensor of [...Object.values(outputs), ...Object.values(gradients)])
      tensor?.[Symbol.dispose]();
    t.expectEqual(
      'loss',
      { shape: [1], data: valuesOf(loss) },
      { shape: [1], data: new Float64Array(1) },
    );
    t.expectEqual(
      'gradient of logits',
      { shape: [3, 1, 7], data: valuesOf(gradient) },
      { shape: [3, 1, 7], data: new Float64Array(21) },
    );
  });

/** Neither in the first part of its row nor in the second or the last. */
const FAR_CLASS = 2;

crossEntropyCases
  .case('large-vocabulary')
  .tier('full')
  .desc(
    'Two rows of 128,256 classes, in one of them a class so far above the others that float32 holds no power of the distance: loss and gradient within their bounds, and beside the gradient hardly anything is stored.',
  )
  .control('parts of a row not joined', (fault) =>
    fault.shader(
      'nn/cross_entropy_rows',
      'i < first_part + params.parts; i++) {\n    let',
      'i < first_part + 1u; i++) {\n    let',
    ),
  )
  .run(async (t) => {
    const random = t.random();
    const rows = 2;
    const classes = 128_256;
    const hosts = {
      logits: hostTensorFrom(
        'f32',
        [rows, classes],
        random.fill(rows * classes, () => random.normal(2)).with(FAR_CLASS, 200),
      ),
      labels: hostTensorFrom('i32', [rows], [classes - 1, 77]),
    };
    const one = hostTensorFrom('f32', [1], [1]);
    t.gpu.memory.guarded = true;
    using logits = Tensor.from(t.gpu, hosts.logits);
    using labels = Tensor.from(t.gpu, hosts.labels);
    using dloss = Tensor.from(t.gpu, one);
    const before = t.gpu.memory.ledger.liveBytes;
    t.gpu.memory.resetPeak();
    const inputs = { logits, labels };
    const params = { log_probs: false };
    const outputs = crossEntropy.forward(t.gpu, inputs, params);
    const beside = t.gpu.memory.ledger.peakBytes - before;
    t.expect(
      beside < logits.bytes / 64,
      () => `the loss took ${beside} bytes beside ${logits.bytes} of logits`,
    );
    const gradients = crossEntropy.backward(t.gpu, {
      inputs,
      outputs,
      grads: { loss: dloss },
      params,
      wants: new Set(['logits']),
    });
    const loss = await outputs.loss.read();
    const gradient = await (gradients.logits as Tensor).read();
    for (const tensor of [...Object.values(outputs), ...Object.values(gradients)])
      tensor?.[Symbol.dispose]();
    const arithmetic = { depth: depthOf(crossEntropy.variants['parts']), ieee: t.ieee };
    const values = valuesOfHosts(hosts);
    const grads = valuesOfHosts({ loss: one });
    const truth = record.forward(values, params);
    t.expectAccepted(
      'loss',
      { shape: [1], data: valuesOf(loss) },
      truth.loss,
      record.acceptance(values, truth, params, arithmetic).loss as Acceptance,
    );
    const slopes = differentiable.vjp(values, params, grads);
    t.expectAccepted(
      'gradient of logits',
      { shape: [rows, classes], data: valuesOf(gradient) },
      slopes.logits as Value,
      differentiable.vjpAcceptance(values, slopes, params, grads, arithmetic).logits as Acceptance,
    );
  });
