import { create } from 'webgpu';
import { ZEROING_BY_DRIVER } from './zeroing.ts';

/** npm webgpu over the Vulkan drivers that the environment names. */
export function nodeGpu(env: NodeJS.ProcessEnv = process.env): GPU {
  const isSwiftShader = env['VK_DRIVER_FILES']?.includes('swiftshader');
  return create([
    'enable-dawn-features=allow_unsafe_apis',
    ...(isSwiftShader ? [`disable-dawn-features=${ZEROING_BY_DRIVER}`] : []),
  ]);
}
