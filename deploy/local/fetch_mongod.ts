/**
 * Fetches the maker's own MongoDB server for this system into the folder that is its argument, and
 * prints the path of `mongod`. A program of its own: it is ended when the network hangs, and the
 * library takes its settings from the environment only.
 */
import { MongoBinary } from "mongodb-memory-server-core";

const [downloadDir] = Deno.args;
if (downloadDir === undefined) throw new Error("Cannot fetch as a folder must be given");

console.log(await MongoBinary.getPath({ downloadDir, checkMD5: true }));
