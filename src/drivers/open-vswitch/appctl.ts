/**
 * What ovs-vswitchd answers to a command (ovs-appctl(8)).
 * @param control its control socket
 * @param timeoutSeconds undefined to wait for the answer as long as ovs-vswitchd lives
 */
export async function appctl(
  control: string,
  command: readonly string[],
  timeoutSeconds: number | undefined,
): Promise<string> {
  const { execa } = await import('execa');
  const timeout = timeoutSeconds === undefined ? [] : [`--timeout=${timeoutSeconds}`];
  const { stdout } = await execa('ovs-appctl', [...timeout, '-t', control, ...command]);
  return stdout;
}
