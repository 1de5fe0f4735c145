import type { Recording } from '../recordings.ts';
import { bitsandbytes } from './bodies/bitsandbytes.ts';
import { mlx } from './bodies/mlx.ts';
import { nodeTest, onnxruntime } from './bodies/onnx.ts';
import { peft } from './bodies/peft.ts';
import { gguf, hqq, numpy, quanto } from './bodies/quantizers.ts';
import { tensors } from './bodies/tensors.ts';
import { torch } from './bodies/torch.ts';
import { transformers } from './bodies/transformers.ts';
import type { Bodies, Body } from './body.ts';

/** Ops by the library that recorded them. */
const BODIES: Readonly<Record<string, Bodies>> = {
  torch: { ...torch, ...tensors },
  bitsandbytes,
  peft,
  transformers,
  hqq,
  'optimum-quanto': quanto,
  gguf,
  mlx,
  onnxruntime,
  numpy,
};

/** The lines for a recording; undefined where there are none for its op. */
export function bodyOf({
  op,
  params,
  producer,
  file,
}: Pick<Recording, 'op' | 'params' | 'producer' | 'file'>): Body | undefined {
  const [library = ''] = producer.split(' ');
  if (library === 'onnx') return nodeTest(op, file);
  // What our oracle says, any library may check.
  const any =
    library === 'gradproof' ? Object.values(BODIES).find((bodies) => bodies[op])?.[op] : undefined;
  return (BODIES[library]?.[op] ?? any)?.(params);
}
