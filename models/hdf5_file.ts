/** HDF5 files in memory, through h5wasm: opened, closed and forgotten in one place, its errors told in one line. */
import type { File } from "h5wasm";
import { checkGlobalHeaps } from "./global_heap.ts";
import { NetworkError } from "./network.ts";

/** Gives `use` the file that the bytes are. Throws a `NetworkError` where HDF5 cannot read it. */
export async function readHdf5<Result>(
  bytes: Uint8Array,
  use: (file: File) => Result,
): Promise<Result> {
  checkGlobalHeaps(bytes);
  return await withFile("r", bytes, (file) => use(file));
}

/** The bytes of a new file that `fill` has filled. */
export function writeHdf5(fill: (file: File) => void): Promise<Uint8Array<ArrayBuffer>> {
  return withFile("w", new Uint8Array(), (file, written) => {
    fill(file);
    file.flush();
    return written();
  });
}

async function withFile<Result>(
  mode: "r" | "w",
  bytes: Uint8Array,
  use: (file: File, written: () => Uint8Array<ArrayBuffer>) => Result,
): Promise<Result> {
  // The library compiles 4 MB of WebAssembly as it is imported: not before there is a file to read.
  const h5wasm = await import("h5wasm");
  const { FS, activate_throwing_error_handler } = await h5wasm.ready;
  const path = `/${crypto.randomUUID()}.h5`; // In the library's own memory, not on disk.
  FS.writeFile(path, bytes);
  let file: File | undefined;
  try {
    activate_throwing_error_handler(); // Else HDF5 prints to stderr and goes on with what it has.
    file = new h5wasm.File(path, mode);
    return use(file, () => new Uint8Array(FS.readFile(path)));
  } catch (error) {
    throw error instanceof NetworkError ? error : new NetworkError(reasonOf(error));
  } finally {
    file?.close();
    FS.unlink(path);
  }
}

/** HDF5 tells where it was, call by call, down to the innermost, which knows what is wrong. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const innermost = message.match(/#\d+: .*/g)?.at(-1) ?? message;
  return `Cannot read the HDF5 file: ${innermost.replace(/^.*\(\): /, "")}`;
}
