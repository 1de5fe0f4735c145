import type { CaseContext } from '../../../src/testing/context.ts';
import { StoredProducts } from '../../../src/testing/stored-products.ts';
import { Optimizer } from '../../../src/train/optimizer.ts';
import { judgedRun } from '../whole-step/judged-run.ts';
import { expectFrozen, llamaOf } from '../whole-step/llamas.ts';
import type { Row } from './options.ts';
import { optimizerOf } from './recipes.ts';
import { PRODUCTS, rowSetting, variantOf } from './row-setting.ts';

/** Trains as a row says, each step held against the replica. */
export async function runRow(t: CaseContext, row: Row): Promise<void> {
  const setting = rowSetting(row);
  const llama = llamaOf(t, variantOf(row), setting);
  using model = llama.model;
  const [params, around] = optimizerOf(row);
  using optimizer = new Optimizer(t.gpu, model.parameters, params, around);
  const stored = new StoredProducts();
  const options = {
    model,
    optimizer,
    shift: true,
    seed: t.seed,
    autocast: row.autocast === 'off' ? undefined : row.autocast,
    observers: { watch: stored.see.bind(stored) },
  };
  await judgedRun(t, setting, row.path, options, (step) => expectFrozen(t, step, llama));
  stored.expect(t, PRODUCTS[row.autocast]);
}
