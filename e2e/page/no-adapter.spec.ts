import { expect, open, test } from './page-test.ts';

// Without --enable-unsafe-webgpu the browser has WebGPU, but no adapter for it.
test.use({ gpuArguments: ['--use-webgpu-adapter=swiftshader'] });

test('a browser that may use no graphics chip says where the switch is', async ({ page }) => {
  await open(page);
  await expect(page.getByText(/has WebGPU, but no graphics chip that it may use/)).toBeVisible();
  await expect(page.getByText(/chrome:\/\/settings\/system/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeDisabled();
});
