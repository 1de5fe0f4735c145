import type { HostTensors } from '../tensor/host.ts';

/** One computation for a backend: an op by its vocabulary name, on the host's tensors. */
export interface Job {
  readonly op: string;
  readonly params: unknown;
  readonly inputs: HostTensors;
  /** Gradients that flow in, by output; present asks for the backward pass too. */
  readonly grads?: HostTensors;
  /** Inputs whose gradients are wanted; default all differentiable ones. */
  readonly wants?: readonly string[];
  readonly variant?: string;
}

/** What came back: outputs and, if asked for, gradients by input. */
export interface JobResult {
  readonly outputs: HostTensors;
  readonly gradients: HostTensors;
}

/** Who can run an op. */
export interface Backend {
  readonly name: string;
  supports(op: string): boolean;
  run(job: Job): Promise<JobResult>;
}
