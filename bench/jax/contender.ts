import type { Contender, PreparedWork } from '../../src/bench/contender.ts';
import { drawnCall } from '../../src/bench/drawn.ts';
import type { Work } from '../../src/bench/work.ts';
import { InvariantError } from '../../src/errors.ts';
import { isHalf } from '../../src/tensor/dtype.ts';
import { ruleOf } from '../../src/vocabulary/signature.ts';
import { isAsked, NOT_ASKED } from '../contender/asked-work.ts';
import manifest from '../package.json' with { type: 'json' };
import type { Device } from './device.ts';
import { ONE_SETTING, type Reason } from './op.ts';
import { ops } from './ops.ts';
import { PreparedOp } from './prepared-op.ts';
import { PreparedStep } from './prepared-step.ts';

/** jax-js with its WebGPU backend. */
export class JaxContender implements Contender {
  readonly name = 'jax-webgpu';
  readonly version = manifest.dependencies['@jax-js/jax'];
  readonly #device: Device & { dispose(): void };

  constructor(device: Device & { dispose(): void }) {
    this.#device = device;
  }

  settingsFor(work: Work): readonly string[] | Reason {
    if (!isAsked(work)) return NOT_ASKED[work.kind];
    if (work.kind === 'step') return ONE_SETTING;
    const call = drawnCall(work);
    const op = ops.get(call.op.name);
    if (!op) return { reason: `jax-js is not asked for ${call.op.name}` };
    for (const [name, { dtype }] of Object.entries(call.inputs)) {
      if (isHalf(dtype)) return { reason: `it is not asked for ${dtype}` };
      const isOperand = ruleOf(call.op.inputs, name)?.operand !== undefined;
      if (dtype !== 'f32' && (isOperand || dtype !== 'i32'))
        return { reason: `it is asked for float32, and indices in int32, and not for ${dtype}` };
    }
    return op.settings(call);
  }

  async prepare(work: Work, setting: string): Promise<PreparedWork> {
    if (!isAsked(work)) throw new InvariantError(`${work.id} is not asked of a library`);
    if (work.kind === 'step') return new PreparedStep(this.#device, work);
    const call = drawnCall(work);
    const op = ops.get(call.op.name);
    if (!op) throw new InvariantError(`${call.op.name} is not asked of jax-js`);
    return new PreparedOp(this.#device, op, call, setting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#device.dispose();
  }
}
