import type { CaseResult } from '../report/schema.ts';
import { bodyOf } from './python-check/bodies.ts';
import { literal, oneLine } from './python-check/literal.ts';
import { weightCheck } from './python-check/weight.ts';
import type { Replayed } from './recordings.ts';

/**
 * The few lines of Python that compute a recording anew with the library that recorded it, and
 * compare: what a maintainer runs who does not want to believe us. With a finding about the
 * producer it is a minimal reproduction: it prints the element, what it should be, and the
 * instruction set, on which a library's result may depend. For an op without lines of its own, the
 * bridge's `verify` does it. A weight of a checkpoint is decoded by bitsandbytes, and compared with
 * its codes and scales.
 */
export function pythonCheck(recording: Replayed, result: CaseResult | undefined): string {
  if ('weight' in recording) return weightCheck(recording);
  const { producer, device, note, file, recorded: when } = recording;
  const body = bodyOf(recording);
  const recorded = `# ${oneLine(file)}: recorded with ${producer} (${device})${when ? ` on ${when.date}` : ''}`;
  const notes = [note, when?.processor && `on ${when.processor}`].flatMap((text) =>
    text ? [`# ${oneLine(text)}`] : [],
  );
  const place = gpuOf(device);
  const throughTorch = recording.hasGradients && body?.ownGradients === undefined;
  if (!body) return [recorded, ...notes, `gradproof-bridge verify ${literal(file)}`].join('\n');
  return [
    recorded,
    ...notes,
    `# pip install ${requirements(producer, device, body.imports).join(' ')}`,
    ...body.imports,
    '',
    `t = load_file(${literal(file)})`,
    ...(place ? [`torch.set_default_device(${literal(place)})  # where it was recorded`] : []),
    `x = {name[3:]: v${place ? `.to(${literal(place)})` : ''} for name, v in t.items() if name.startswith("in.") and not name.startswith("in.grad.")}`,
    ...(throughTorch ? WANTED : []),
    ...body.lines,
    ...(throughTorch ? GRADIENTS : []),
    ...(place ? ['got = {name: v.cpu() for name, v in got.items()}'] : []),
    ...COMPARISON,
    ...reproduction(result),
  ].join('\n');
}

const WANTED = [
  'for name in t:',
  '    if name.startswith("out.grad."): x[name[9:]].requires_grad_()',
];

const GRADIENTS = [
  'flow = {name[8:]: v for name, v in t.items() if name.startswith("in.grad.")}',
  'torch.autograd.backward([got[name] for name in flow], [v.reshape(got[name].shape).to(got[name]) for name, v in flow.items()])',
  'got |= {"grad." + name: v.grad for name, v in x.items() if v.grad is not None}',
];

const COMPARISON = [
  'for name, v in got.items():',
  '    if "out." + name in t:',
  '        a, b = v.detach().double(), t["out." + name].double().reshape(v.shape)',
  '        same = (a == b) | (a.isnan() & b.isnan())  # infinities too',
  '        off = (a - b).abs().masked_fill(same, 0)',
  '        relative = (off / b.abs().clamp(min=1)).masked_fill(same, 0).max().item()  # of numbers beyond 1',
  '        print(name, "differs by at most", off.max().item(), "or relatively", relative)',
];

/** What shows the one element that is off. */
function reproduction(result: CaseResult | undefined): readonly string[] {
  const { finding } = result ?? {};
  if (finding?.code !== 'producer-deviates' || !finding.at) return [];
  const name = /: (?:gradient of )?(\w+(?:\.\w+)*)\[/.exec(finding.message)?.[1];
  if (!name) return [];
  const { index, expected } = finding.at;
  const of = finding.message.includes(`gradient of ${name}[`) ? `grad.${name}` : name;
  const what = `${of}[${index.join(', ')}]`;
  // What the lines make may have no dimension where a bundle has one of a single element.
  const element = `got[${literal(of)}].reshape(t[${literal(`out.${of}`)}].shape)[${index.length > 0 ? index.join(', ') : '()'}].item()`;
  return [
    'print(torch.backends.cpu.get_cpu_capability())  # the instruction set that this machine uses',
    `if ${literal(of)} in got: print(${literal(`${what} should be ${expected ?? 'another number'} and is`)}, ${element})`,
  ];
}

/**
 * The GPU of a recording as torch names it, `cuda:0` of `cuda:0 (NVIDIA H200)`; undefined for what
 * the processor or MLX computed.
 */
function gpuOf(device: string): string | undefined {
  return /^(?:cuda(?::\d+)?|mps)(?= |$)/.exec(device)?.[0];
}

/**
 * "bitsandbytes 0.50.2 + torch 2.15.0+cu132" as pip wants it: public versions, what is imported and
 * comes with none of them, and whatever is no package or not imported left out. Our oracle asks for
 * no version.
 */
function requirements(
  producer: string,
  device: string,
  imports: readonly string[],
): readonly string[] {
  const modules = new Set(
    imports
      .flatMap((line) => line.split(/^import |^from | import .*| as .*|, /))
      .map((name) => name.split('.')[0] ?? ''),
  );
  const imported = UNVERSIONED.filter((name) => modules.has(name));
  if (producer.startsWith('gradproof ')) return imported;
  const named = new Map(
    producer.split(' + ').flatMap((part): (readonly [string, string])[] => {
      const [, name, version] = /^([\w.-]+) (\d[\w.]*)/.exec(part) ?? [];
      return name && version && (name !== 'numpy' || modules.has('numpy')) ? [[name, version]] : [];
    }),
  );
  return [
    'safetensors',
    // On the processor of Linux what computes is an extra of MLX, which a Mac passes over.
    ...[...named].map(([name, version]) =>
      name === 'mlx' && device === 'mlx' ? `"mlx[cpu]==${version}"` : `${name}==${version}`,
    ),
    ...imported.filter((name) => name !== 'safetensors' && !named.has(name)),
  ];
}

/** What the lines import, by the name that PyPI has for it too. */
const UNVERSIONED = [
  'bitsandbytes',
  'numpy',
  'onnx',
  'peft',
  'safetensors',
  'torch',
  'transformers',
];
