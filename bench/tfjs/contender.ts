import * as tf from '@tensorflow/tfjs-core';
import type { Contender, PreparedWork } from '../../src/bench/contender.ts';
import { drawnCall } from '../../src/bench/drawn.ts';
import type { Work } from '../../src/bench/work.ts';
import { InvariantError } from '../../src/errors.ts';
import { ruleOf } from '../../src/vocabulary/signature.ts';
import { isAsked, NOT_ASKED } from '../contender/asked-work.ts';
import type { Device } from './device.ts';
import type { Reason } from './op.ts';
import { ops } from './ops.ts';
import { PreparedOp } from './prepared-op.ts';
import { PreparedStep } from './prepared-step.ts';

/** TensorFlow.js with its WebGPU backend. */
export class TfContender implements Contender {
  readonly name = 'tfjs-webgpu';
  readonly version = tf.version_core;
  readonly #device: Device & { dispose(): void };

  constructor(device: Device & { dispose(): void }) {
    this.#device = device;
  }

  settingsFor(work: Work): readonly string[] | Reason {
    if (!isAsked(work)) return NOT_ASKED[work.kind];
    if (work.kind === 'step') return ['default'];
    const call = drawnCall(work);
    const op = ops.get(call.op.name);
    if (!op) return { reason: `TensorFlow.js is not asked for ${call.op.name}` };
    for (const [name, { dtype }] of Object.entries(call.inputs)) {
      if (dtype !== 'f32' && dtype !== 'i32')
        return { reason: `its tensors are float32 and int32, and none is ${dtype}` };
      if (dtype === 'i32' && ruleOf(call.op.inputs, name)?.operand)
        return { reason: 'it computes int32 through float32' };
    }
    return op.settings(call);
  }

  async prepare(work: Work, setting: string): Promise<PreparedWork> {
    if (!isAsked(work)) throw new InvariantError(`${work.id} is not asked of a library`);
    if (work.kind === 'step') return new PreparedStep(this.#device, work);
    const call = drawnCall(work);
    const op = ops.get(call.op.name);
    if (!op) throw new InvariantError(`${call.op.name} is not asked of TensorFlow.js`);
    return new PreparedOp(this.#device, op, call, setting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#device.dispose();
  }
}
