/**
 * Quiet, without traffic of its own, and with a GPU process that may be crashed as often as a hang
 * needs it.
 */
const ARGUMENTS = [
  '--enable-unsafe-webgpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-domain-blocking-for-3d-apis',
  '--disable-gpu-process-crash-limit',
];

/** Chrome's own CPU adapter, for a machine where no hardware adapter works. */
const SWIFTSHADER_ARGUMENT = '--use-webgpu-adapter=swiftshader';

/** The arguments of a browser that runs cases; `software` takes the CPU adapter. */
export function browserArguments(software: boolean): string[] {
  return [
    ...ARGUMENTS,
    ...(process.platform === 'linux' && !software ? ['--enable-features=Vulkan'] : []),
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ...(software ? [SWIFTSHADER_ARGUMENT] : []),
  ];
}
