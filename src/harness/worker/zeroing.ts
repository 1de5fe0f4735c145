/**
 * A feature of Dawn to switch off where SwiftShader computes: the driver sets workgroup memory to
 * zero, which SwiftShader compiles into a store for each element (the 2,048 of matmul_tiled take a
 * second). Without it Dawn writes a loop, as it does for Metal and Direct3D.
 */
export const ZEROING_BY_DRIVER = 'use_vulkan_zero_initialize_workgroup_memory_extension';
