import type { FlatParameters } from '../autograd/flat-parameters.ts';
import type { Tape } from '../autograd/tape.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';

/** A network that a trainer can train. It owns its parameters. */
export interface Model extends Disposable {
  readonly parameters: FlatParameters;
  /** Running statistics by their names in the state dict; absent where there are none. */
  readonly statistics?: Tensors;
  /**
   * Logits f32 [rows, classes] of the inputs; the tape owns them. A tape with random numbers is
   * that of a training step.
   */
  forward(tape: Tape, inputs: Tensors): Tensor;
  /**
   * The mean cross-entropy of labels, f32 [1], which the tape owns, where the model computes it
   * without its logits; undefined where it has them anyway. With `shift` a label is that of the
   * position before it.
   */
  loss?(tape: Tape, inputs: Tensors, labels: Tensor, shift: boolean): Tensor | undefined;
  /**
   * Takes over what forward left beside the logits (running statistics), once backward has read
   * what it needs. The tape must live still.
   */
  keepStatistics?(): void;
}
