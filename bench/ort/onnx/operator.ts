import type { Coarser } from '../../../src/bench/contender.ts';
import type { Call } from '../../../src/graph/call.ts';
import type { HostTensor } from '../../../src/tensor/host.ts';
import {
  completed,
  type InputsOf,
  type OutputsOf,
  type ParamsOf,
  type Signature,
} from '../../../src/vocabulary/signature.ts';
import { type ElementType, Graph, type ValueName } from './graph.ts';

/** A result of a graph, and how it becomes the op's. */
export interface Output {
  readonly value: ValueName;
  readonly type: ElementType;
  /** The op's layout of what the graph gives in another. Default as it is. */
  readonly back?: (given: HostTensor) => HostTensor;
}

/** A call as an ONNX graph. */
export interface Built {
  readonly graph: Graph;
  /** By the names of the op. */
  readonly outputs: Readonly<Record<string, Output>>;
  readonly coarser?: Coarser;
}

/** Why a call is no ONNX graph. */
export interface Reason {
  readonly reason: string;
}

/** How ONNX says an op of the vocabulary, forward. */
export interface Operator {
  readonly op: string;
  /** The node that the WebGPU provider has no kernel for, where there is one. */
  readonly onHost?: string;
  /** It takes and gives elements, and computes with none: halves stay what they are. */
  readonly copies?: true;
  /** Operands may be codes beside floats. */
  readonly promotes?: true;
  /** In which ways it says this call, best known first. */
  readonly settings: (call: Call<HostTensor>) => readonly string[] | Reason;
  readonly build: (call: Call<HostTensor>, setting: string) => Built;
}

type NameOf<S extends Signature> = keyof InputsOf<S, HostTensor> & string;

/** A call before it is a graph. */
interface Asked<S extends Signature> {
  readonly params: ParamsOf<S>;
  readonly tensors: InputsOf<S, HostTensor>;
}

/** A call that becomes a graph. */
interface Building<S extends Signature> extends Asked<S> {
  readonly graph: Graph;
  /** The input as a tensor that each run is given. */
  readonly fed: (name: NameOf<S>, type?: ElementType) => ValueName;
  /** The input as a part of the model, as what a layer has learned. */
  readonly kept: (name: NameOf<S>) => ValueName;
  /** The same of an input that may be absent. */
  readonly keptIfThere: (name: NameOf<S>) => ValueName | undefined;
  readonly setting: string;
}

/** A result, or a value that has the element type of the first input. */
type Given = ValueName | (Omit<Output, 'type'> & Partial<Output>);

/** The setting of a call that ONNX says in one way. */
export const ONE_SETTING: readonly string[] = ['default'];

/**
 * How ONNX says the op of `signature`; `settings` are the ways, where there are several, `onHost`
 * the node that the WebGPU provider has no kernel for.
 */
export function operator<S extends Signature>(
  signature: S,
  build: (building: Building<NoInfer<S>>) => Partial<OutputsOf<NoInfer<S>, Given>>,
  settings: (asked: Asked<NoInfer<S>>) => readonly string[] | Reason = () => ONE_SETTING,
  onHost?: string,
): Operator {
  const asked = ({ params, inputs }: Call<HostTensor>): Asked<S> => ({
    params: completed(signature, params as never),
    tensors: inputs as InputsOf<S, HostTensor>,
  });
  return {
    op: signature.name,
    ...(onHost === undefined ? {} : { onHost }),
    settings: (call) => settings(asked(call)),
    build: (call, setting) => {
      const graph = new Graph();
      const tensor = (name: string) => call.inputs[name] as HostTensor;
      const kept = (name: string) => graph.constant(tensor(name));
      const outputs = build({
        ...asked(call),
        graph,
        fed: (name, type) => graph.feed(name, tensor(name), type),
        kept,
        keptIfThere: (name) => (name in call.inputs ? kept(name) : undefined),
        setting,
      });
      return { graph, outputs: declared(graph, outputs, call) };
    },
  };
}

function declared(
  graph: Graph,
  outputs: Readonly<Record<string, Given | undefined>>,
  { inputs }: Call<HostTensor>,
): Record<string, Output> {
  const usual = (Object.values(inputs)[0] as HostTensor).dtype;
  const named = Object.entries(outputs).flatMap(([name, given]) => {
    if (given === undefined) return [];
    const output = { type: usual, ...(typeof given === 'string' ? { value: given } : given) };
    graph.output(output.value, output.type);
    return [[name, output] as const];
  });
  return Object.fromEntries(named);
}
