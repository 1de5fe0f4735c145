import { uniformsStandStill } from '../uniforms-stand-still.ts';
import {
  CLIP,
  type Declare,
  dropped,
  launched,
  rateOfStep,
  SCALER,
  shares,
  UNSCALE,
} from '../whole-step/faults.ts';
import type { OptionName, Row } from './options.ts';
import { ROWS } from './rows.ts';

/** A stage of an option that is dropped, doubled or moved, in the rows that have it. */
interface RowControl {
  readonly option: OptionName;
  readonly name: string;
  readonly isFor: (row: Row) => boolean;
  readonly declare: (row: Row) => Declare;
}

const isAdaptive = ({ optimizer }: Row) => optimizer.startsWith('adam');
const isScaled = ({ scaling }: Row) => scaling !== 'off';
const nameOf = (row: Row) =>
  `${isScaled(row) ? 'amp_' : ''}${isAdaptive(row) ? 'adamw' : 'sgd'}_step`;
const isCaptured = ({ path }: Row) => path !== 'eager';

/** At least one for each option. */
export const CONTROLS: readonly RowControl[] = [
  {
    option: 'optimizer',
    name: 'nothing is updated',
    isFor: () => true,
    declare: (row) => dropped(nameOf(row)),
  },
  {
    option: 'schedule',
    name: 'the rate of the step behind',
    isFor: ({ schedule }) => schedule !== 'constant',
    declare: () => rateOfStep((step) => step + 1),
  },
  {
    option: 'warmup',
    name: 'a rate without warmup',
    isFor: ({ warmup }) => warmup > 0,
    declare: () => rateOfStep((step) => step + 2),
  },
  {
    option: 'accumulation',
    name: 'every micro-batch has the weight of the step',
    isFor: ({ accumulation }) => accumulation > 1,
    declare: () => shares(1),
  },
  {
    option: 'clipping',
    name: 'gradients are not clipped',
    isFor: ({ clipping }) => clipping === 'active',
    declare: () => dropped(CLIP),
  },
  {
    option: 'clipping',
    name: 'gradients are raised to the largest norm',
    isFor: ({ clipping }) => clipping === 'inactive',
    declare: () => (fault) =>
      fault.shader('optim/clip_grad_norm', 'length <= dims.max_norm', 'length < 0.0'),
  },
  {
    option: 'scaling',
    name: 'gradients stay scaled',
    isFor: ({ scaling }) => scaling === 'on',
    declare: () => dropped(UNSCALE),
  },
  {
    option: 'scaling',
    name: 'the scale stays as it is',
    isFor: ({ scaling }) => scaling === 'overflow',
    declare: () => dropped(SCALER),
  },
  {
    option: 'autocast',
    name: 'products are stored in float32',
    isFor: ({ autocast }) => autocast !== 'off',
    declare: () => (fault) => fault.host('autocast.is_product', () => () => false),
  },
  {
    option: 'dropout',
    name: 'every step has the masks of the first',
    isFor: ({ dropout }) => dropout > 0,
    declare: () => (fault) => fault.host('random_state.next', () => (base) => base),
  },
  {
    option: 'checkpointing',
    name: 'blocks are computed again with other masks',
    isFor: ({ checkpointing, dropout }) => checkpointing === 'on' && dropout > 0,
    declare: () => (fault) =>
      fault.host('random_state.from', () => (_state, _at, segment) => segment()),
  },
  {
    option: 'checkpointing',
    name: 'the gradients of a block are added twice',
    isFor: ({ checkpointing }) => checkpointing === 'on',
    declare: () => (fault) =>
      fault.host('random_state.from', (original) => (state, at, segment) => {
        original(state, at, segment);
        original(state, at, segment);
      }),
  },
  {
    option: 'path',
    name: 'every step has the numbers of the first',
    isFor: (row) => isCaptured(row) && (row.dropout > 0 || !isScaled(row)),
    declare: () => uniformsStandStill,
  },
  {
    option: 'path',
    name: 'the batches go on behind a restored step',
    isFor: ({ path }) => path === 'captured-restored',
    declare: () => (fault) => fault.host('train.seek', () => () => undefined),
  },
  {
    option: 'trained',
    name: 'the factor alpha / r is left out',
    isFor: ({ trained }) => trained !== 'full',
    declare: () => launched('lora_linear', { alpha: 2 }),
  },
  {
    option: 'trained',
    name: 'the gradient of a magnitude is multiplied by the length',
    isFor: ({ trained }) => trained === 'dora',
    declare: () => (fault) =>
      fault.shader('lora/dora_magnitude', 'sum / norm[col]', 'sum * norm[col]'),
  },
  {
    option: 'head',
    name: 'a tied table has the gradient of the head alone',
    isFor: ({ head, trained }) => head === 'tied' && trained === 'full',
    declare: () => (fault) =>
      fault.shader(
        'nn/embedding_backward',
        'select(chain[id], dims.rows, id == dims.padding)',
        'dims.rows',
      ),
  },
  {
    option: 'last',
    name: 'a smaller micro-batch weighs as the others',
    isFor: ({ last, accumulation }) => last === 'smaller' && accumulation > 1,
    declare: ({ accumulation }) => shares(1 / accumulation),
  },
];

/** The control of each row: of those that are for it the one that fewest rows before it have. */
export const CONTROL_OF: ReadonlyMap<Row, RowControl> = (() => {
  const uses = new Map<RowControl, number>();
  // A row that few controls are for takes its own before others do.
  const choices = ROWS.map((row) => ({ row, own: CONTROLS.filter(({ isFor }) => isFor(row)) }));
  const rare = new Map(
    CONTROLS.map((control) => [control, choices.filter(({ own }) => own.includes(control)).length]),
  );
  const rank = (control: RowControl) =>
    (uses.get(control) ?? 0) * ROWS.length + (rare.get(control) ?? 0);
  return new Map(
    choices.map(({ row, own }) => {
      const [chosen] = own.toSorted((a, b) => rank(a) - rank(b)) as [RowControl];
      uses.set(chosen, (uses.get(chosen) ?? 0) + 1);
      return [row, chosen];
    }),
  );
})();
