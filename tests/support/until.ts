/** Waiting for what others do, so that what never comes fails a test and doesn't hold it. */

/** No wait of a test is this long unless what it waits for never comes. */
const WAIT_MS_MAX = 60_000;

/** Resolves once it is so. Rejects, with what it was to be, where it isn't within a minute. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  everyMs = 10,
): Promise<void> {
  const limit = performance.now() + WAIT_MS_MAX;
  while (!await isSo()) {
    if (performance.now() > limit) throw new Error(`Did not come about: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
