import type { FaultDeclaration } from '../../../src/testing/fault.ts';
import type { BatchLoss } from '../../../src/train/mean-of-batches.ts';
import type { Stage } from '../../../src/train/stage.ts';

/** Declares the faults of a control. */
export type Declare = (fault: FaultDeclaration) => void;

/** The stages of an update as `change` orders them; they are known by their ops. */
const stages =
  (change: (stages: readonly Stage[], at: (op: string) => Stage) => readonly Stage[]): Declare =>
  (fault) =>
    fault.host('train.update_stages', (original) => (given: readonly Stage[]) => {
      const all: readonly Stage[] = original(given);
      return change(all, (op) => all.find((stage) => opOf(stage).includes(op)) as Stage);
    });

const opOf = ({ op }: Stage): string => op.signature.name;

/** An update without the stage of this op. */
export const dropped = (op: string) => stages((all, at) => all.filter((stage) => stage !== at(op)));

/** An update with this stage twice. */
export const doubled = (op: string) =>
  stages((all, at) => all.flatMap((stage) => (stage === at(op) ? [stage, stage] : [stage])));

/** A stage moved before another. */
export const moved = (op: string, before: string) =>
  stages((all, at) =>
    all.flatMap((stage) =>
      stage === at(op) ? [] : stage === at(before) ? [at(op), stage] : [stage],
    ),
  );

/** The ops of the stages, of AdamW under a scaled loss. */
export const UNSCALE = 'amp_unscale';
export const CLIP = 'clip_grad_norm';
export const UPDATE = 'amp_adamw_step';
export const SCALER = 'amp_update_scale';

/** Every step has the rate of another. */
export const rateOfStep =
  (change: (step: number) => number): Declare =>
  (fault) =>
    fault.host(
      'lr_schedule.scheduledRate',
      (original) => (lr, schedule, step) => original(lr, schedule, change(step)),
    );

/** Other parameters of an op's forward pass. */
export const launched =
  (op: string, changed: object): Declare =>
  (fault) =>
    fault.launch(`${op}.forward`, ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, ...changed },
      variant,
    ]);

/** A micro-batch without labels, whose mean is no number, counts in the mean of its step. */
export const emptyCounts: Declare = (fault) =>
  fault.host(
    'train.mean_of_batches',
    () => (batches: readonly BatchLoss[]) =>
      batches.reduce((sum, { mean, asked }) => sum + mean * asked, 0),
  );

/** Every micro-batch has this share of its step. */
export const shares =
  (share: number): Declare =>
  (fault) =>
    fault.host('train.share_of', () => () => share);
