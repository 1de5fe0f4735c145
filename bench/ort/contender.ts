import type { InferenceSession } from 'onnxruntime-web';
import type { CallContender, ContenderName, PreparedWork } from '../../src/bench/contender.ts';
import { drawnCall } from '../../src/bench/drawn.ts';
import type { Work } from '../../src/bench/work.ts';
import { InvariantError } from '../../src/errors.ts';
import type { Call } from '../../src/graph/call.ts';
import { type DType, isFloat } from '../../src/tensor/dtype.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import { ruleOf } from '../../src/vocabulary/signature.ts';
import { isAsked, NOT_ASKED } from '../contender/asked-work.ts';
import type { Built, Operator, Reason } from './onnx/operator.ts';
import { operators } from './onnx/operators.ts';
import { type Binding, PreparedGraph } from './prepared-graph.ts';

type Ort = typeof import('onnxruntime-web');

/** What differs between the providers of ONNX Runtime. */
export interface Provider {
  readonly name: ContenderName;
  readonly ort: Ort;
  /** Why it cannot run an operator on elements of a type; undefined where it can. */
  refuses(type: DType, operator: Operator): string | undefined;
  /** What it makes of an operator's settings: its own, or a reason. */
  settingsOf(operator: Operator, settings: readonly string[]): readonly string[] | Reason;
  /** The operator's setting in one of its own. */
  graphSetting(setting: string): string;
  options(setting: string): InferenceSession.SessionOptions;
  bind(built: Built): Binding;
  dispose(): Promise<void>;
}

const NO_TRAINING = {
  reason: 'onnxruntime-web has no training: neither gradients nor optimizers',
};

const NO_INTEGERS = { reason: 'integers are not asked of it' };

/** ONNX Runtime with one of its providers. */
export class OrtContender implements CallContender {
  readonly name: ContenderName;
  readonly version: string;
  readonly #provider: Provider;

  constructor(provider: Provider) {
    this.name = provider.name;
    this.version = provider.ort.env.versions.web ?? provider.ort.env.versions.common;
    this.#provider = provider;
  }

  settingsFor(work: Work): readonly string[] | Reason {
    if (!isAsked(work)) return NOT_ASKED[work.kind];
    if (work.kind === 'step') return NO_TRAINING;
    return this.settingsForCall(drawnCall(work));
  }

  settingsForCall(call: Call<HostTensor>): readonly string[] | Reason {
    if (call.grads || call.op.family === 'optim') return NO_TRAINING;
    const operator = operators.get(call.op.name);
    if (!operator) return { reason: `ONNX Runtime has no operator for ${call.op.name}` };
    const inputs = Object.entries(call.inputs);
    for (const [, { dtype }] of inputs) {
      const refusal = this.#provider.refuses(dtype, operator);
      if (refusal) return { reason: refusal };
    }
    const floats = inputs
      .filter(([name]) => ruleOf(call.op.inputs, name)?.operand)
      .map(([, { dtype }]) => isFloat(dtype));
    if (floats.includes(false) && !(operator.promotes && floats.includes(true))) return NO_INTEGERS;
    const settings = operator.settings(call);
    return 'reason' in settings ? settings : this.#provider.settingsOf(operator, settings);
  }

  async prepare(work: Work, setting: string): Promise<PreparedWork> {
    if (work.kind !== 'op') throw new InvariantError(`${work.id} is no call of an op`);
    return this.prepareCall(drawnCall(work), setting);
  }

  async prepareCall(call: Call<HostTensor>, setting: string): Promise<PreparedWork> {
    const operator = operators.get(call.op.name);
    if (!operator) throw new InvariantError(`${call.op.name} is not asked of ONNX Runtime`);
    const { ort } = this.#provider;
    const built = operator.build(call, this.#provider.graphSetting(setting));
    const session = await ort.InferenceSession.create(
      built.graph.bytes(),
      this.#provider.options(setting),
    );
    return PreparedGraph.of(built, session, () => this.#provider.bind(built));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#provider.dispose();
  }
}
