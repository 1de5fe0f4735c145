import type { Application } from '../../../src/graph/call.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { CaseContext } from '../../../src/testing/context.ts';
import { Optimizer } from '../../../src/train/optimizer.ts';
import { judgedRun } from '../whole-step/judged-run.ts';
import { expectFrozen, llamaOf } from '../whole-step/llamas.ts';
import type { Row } from './options.ts';
import { optimizerOf } from './recipes.ts';
import { PRODUCTS, rowSetting, variantOf } from './row-setting.ts';

/** Ops whose results autocast stores in halves. */
const OF_PRODUCTS = ['matmul', 'lora_linear', 'scaled_dot_product_attention'];

/** Trains as a row says, each step held against the replica. */
export async function runRow(t: CaseContext, row: Row): Promise<void> {
  const setting = rowSetting(row);
  const llama = llamaOf(t, variantOf(row), setting);
  using model = llama.model;
  const [params, around] = optimizerOf(row);
  using optimizer = new Optimizer(t.gpu, model.parameters, params, around);
  const stored = new Set<string>();
  const watch = ({ op, outputs, gradients }: Application<Tensor>) => {
    if (!gradients && OF_PRODUCTS.includes(op.name)) stored.add(outputs['y']?.dtype ?? 'nothing');
  };
  const options = {
    model,
    optimizer,
    shift: true,
    seed: t.seed,
    autocast: row.autocast === 'off' ? undefined : row.autocast,
    observers: { watch },
  };
  await judgedRun(t, setting, row.path, options, (step) => expectFrozen(t, step, llama));
  const products = PRODUCTS[row.autocast];
  t.expect(
    [...stored].join() === products,
    () => `products are stored in ${[...stored].join(' and ')}, and should be in ${products}`,
  );
}
